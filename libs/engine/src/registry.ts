import { UsageError, type HandlerClass, type SagaDefinition, type TakeRequest } from '@tenon/core';

/** A handler instance, called by method name. */
export type Handler = Readonly<Record<string, ((ctx: object) => Promise<unknown>) | undefined>>;

/** A saga that can be run: its definition with the instance of every step's handler. */
export interface RunnableSaga {
  readonly definition: SagaDefinition;
  readonly handlers: ReadonlyMap<string, Handler>;
}

/** The sagas that this process can run, by type and version. */
export class SagaRegistry {
  private readonly definitions: SagaDefinition[] = [];
  private readonly runnable = new Map<string, RunnableSaga>();

  /** @throws UsageError when another saga has the same type and version */
  add(definition: SagaDefinition): void {
    const twin = this.definitions.find((each) => sameSaga(each, definition));
    if (twin === definition) return;
    if (twin !== undefined) {
      throw new UsageError(
        'TENON_INVALID_DEFINITION',
        `Two sagas are declared as "${definition.type}" version ${definition.version}. Rename one, or raise its version.`,
      );
    }
    this.definitions.push(definition);
  }

  /**
   * Finds every step's handler with `find`, once, at boot.
   * @throws UsageError that lists every step whose handler is missing or lacks a method
   */
  resolveHandlers(find: (handler: HandlerClass) => object | undefined): void {
    const faults: string[] = [];
    for (const definition of this.definitions) {
      const handlers = new Map<string, Handler>();
      for (const step of definition.steps) {
        const handler = find(step.handler) as Handler | undefined;
        if (handler === undefined) {
          faults.push(
            `saga "${definition.type}", step "${step.name}": no provider for ${step.handler.name}. ` +
              `Add ${step.handler.name} to the providers of the module that declares the saga.`,
          );
          continue;
        }
        for (const method of step.kind === 'tcc' ? ['try', 'confirm', 'cancel'] : ['action']) {
          if (typeof handler[method] !== 'function') {
            faults.push(
              `saga "${definition.type}", step "${step.name}": ${step.handler.name} has no method ${method}().`,
            );
          }
        }
        handlers.set(step.name, handler);
      }
      if (definition.steps.length === 0)
        faults.push(`saga "${definition.type}" has no steps. Add one with .step() or .tcc().`);
      this.runnable.set(idOf(definition.type, definition.version), { definition, handlers });
    }
    if (faults.length > 0) {
      throw new UsageError(
        'TENON_UNKNOWN_HANDLER',
        `These sagas cannot be run:\n- ${faults.join('\n- ')}`,
      );
    }
  }

  find(type: string, version: number): RunnableSaga | undefined {
    return this.runnable.get(idOf(type, version));
  }

  /** A declared saga, whether or not this process can run it. */
  definition(type: string, version: number): SagaDefinition | undefined {
    return this.definitions.find((each) => each.type === type && each.version === version);
  }

  /** Every version of each type, lowest first. */
  versions(): Readonly<Record<string, readonly number[]>> {
    const versions: Record<string, number[]> = {};
    for (const { type, version } of this.definitions) (versions[type] ??= []).push(version);
    for (const each of Object.values(versions)) each.sort((a, b) => a - b);
    return versions;
  }

  /** Each type with its highest version: new sagas begin with that. */
  newest(): TakeRequest['types'] {
    const versions = new Map<string, number>();
    for (const { type, version } of this.definitions)
      versions.set(type, Math.max(version, versions.get(type) ?? 0));
    return [...versions].map(([type, version]) => ({ type, version }));
  }
}

function sameSaga(one: SagaDefinition, other: SagaDefinition): boolean {
  return one.type === other.type && one.version === other.version;
}

function idOf(type: string, version: number): string {
  return `${type}@${version}`;
}
