import {
  fixed,
  saga,
  type ExternalContext,
  type HandlerClass,
  type InputParser,
  type SagaDefinition,
} from '@tenon/core';

/** What the sagas of these tests are started with. */
export interface Errand {
  readonly key?: string;
  readonly secret?: string;
}

const errandInput: InputParser<Errand> = {
  parse(payload) {
    if (typeof payload !== 'object' || payload === null || Array.isArray(payload))
      throw new Error('expected an object');
    return payload;
  },
};

/** `action first`, `compensate second`, … */
type Call = `${'action' | 'compensate'} ${'first' | 'second'}`;
type Mood = (ctx: ExternalContext<Errand>) => Promise<unknown>;

interface Methods {
  readonly action: Mood;
  readonly compensate: (ctx: ExternalContext<Errand>) => Promise<void>;
}

/** What the handlers do, changed by the tests as they go. They do nothing unless told otherwise. */
export class Moods {
  private readonly moods = new Map<string, Mood>();

  set(call: Call, mood: Mood): void {
    this.moods.set(call, mood);
  }

  reset(): void {
    this.moods.clear();
  }

  carryOut(call: string, ctx: ExternalContext<Errand>): Promise<unknown> {
    return this.moods.get(call)?.(ctx) ?? Promise.resolve('done');
  }
}

/** Sagas of two external steps whose second one waits a minute after a failure, with the providers of their handlers. */
export function errands(moods: Moods): {
  readonly sagas: readonly SagaDefinition[];
  readonly providers: readonly { readonly provide: HandlerClass; readonly useValue: object }[];
} {
  const handler = (step: string): HandlerClass<Methods> => {
    const methods: Methods = {
      action: (ctx) => moods.carryOut(`action ${step}`, ctx),
      compensate: async (ctx) => {
        await moods.carryOut(`compensate ${step}`, ctx);
      },
    };
    function Handler(): Methods {
      return methods;
    }
    return Object.assign(Handler, { methods }) as never;
  };
  const [First, Second] = [handler('first'), handler('second')];
  const declare = (type: string): SagaDefinition =>
    saga(type, { version: 1, input: errandInput, key: (input) => input.key ?? null })
      .step('first', First, { mode: 'external' })
      .step('second', Second, {
        mode: 'external',
        retry: fixed({ attempts: 3, delayMs: 60_000 }),
      });
  return {
    sagas: [declare('errand'), declare('payroll')],
    providers: [First, Second].map((provide) => ({
      provide,
      useValue: (provide as unknown as { methods: object }).methods,
    })),
  };
}

/** A mood that waits, and tells that it does. */
export function gate(): {
  readonly mood: Mood;
  readonly isReached: Promise<void>;
  open(): void;
} {
  let open = (): void => undefined;
  let reach = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const isReached = new Promise<void>((resolve) => (reach = resolve));
  const mood: Mood = async () => {
    reach();
    await opened;
  };
  return { mood, isReached, open: () => open() };
}
