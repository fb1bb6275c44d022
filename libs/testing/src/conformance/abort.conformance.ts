// Goal: a handler that never ends costs neither its saga, nor a connection, nor anybody's patience.
// Method: steps whose work never ends or goes on too long, aborted at each of the places where they can stand.
import { makeGate } from './gate';
import { callOf, nextRow } from './saga-records';
import { useScene } from './scene';
import type { OpenStore } from './store-under-test';

export function describeAbort<T>(open: OpenStore<T>): void {
  const scene = useScene(open);

  describe('a step that is aborted', () => {
    const never = new Promise<never>(() => undefined);

    it('rejects with the reason at once though its work never ends, and nothing is left of it', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId);
      const [abort, entered] = [new AbortController(), makeGate()];
      const step = scene().store.inStepTransaction(
        callOf(saga, sessionId),
        abort.signal,
        async (tx) => {
          await scene().writeEffect(tx, 'half');
          entered.open();
          return never;
        },
      );
      await Promise.race([entered.opened, step]);
      abort.abort(new RangeError('too slow'));
      await expect(step).rejects.toThrow(new RangeError('too slow'));
      expect(await scene().effects()).toEqual([]);
      expect(await scene().step(callOf(saga, sessionId), 'second', [nextRow(saga)])).toBe(
        'committed',
      );
      expect(await scene().effects()).toEqual(['second']);
    });

    it('does nothing when it was aborted before it began', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId);
      const work = jest.fn(async () => []);
      const aborted = scene().store.inStepTransaction(
        callOf(saga, sessionId),
        AbortSignal.abort(new Error('stop')),
        work,
      );
      await expect(aborted).rejects.toThrow('stop');
      expect((await scene().find(saga.id)).history).toEqual([]);
    });

    it('cannot write any more, neither into its own transaction nor into one that came after it', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId);
      const [abort, entered, gate] = [new AbortController(), makeGate(), makeGate()];
      let written: Promise<unknown> = Promise.resolve();
      const step = scene().store.inStepTransaction(
        callOf(saga, sessionId),
        abort.signal,
        async (tx) => {
          await scene().writeEffect(tx, 'half');
          entered.open();
          await gate.opened;
          written = scene()
            .writeEffect(tx, 'from beyond')
            .catch(() => undefined);
          await written;
          return [nextRow(saga)];
        },
      );
      await Promise.race([entered.opened, step]);
      abort.abort(new Error('too slow'));
      await expect(step).rejects.toThrow('too slow');
      const after = await Promise.all([scene().begin(), scene().begin()]);
      gate.open();
      await Promise.resolve();
      await written;
      for (const { commit } of after) await commit();
      expect(await scene().effects()).toEqual([]);
    });

    // The engine gives a handler up by no longer waiting for it. What the handler has under way is answered, and it sends
    // its next statement: behind a ROLLBACK on the same connection that one would commit by itself.
    it('cannot write any more while its end is on its way, in the middle of its statements', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId);
      for (let attempt = 0; attempt < 10; attempt++) {
        const [abort, entered] = [new AbortController(), makeGate()];
        let writing: Promise<unknown> = Promise.resolve();
        const step = scene().store.inStepTransaction(
          callOf(saga, sessionId),
          abort.signal,
          async (tx) => {
            const write = async (): Promise<never> => {
              while (true) {
                await scene().writeEffect(tx, 'from beyond');
                entered.open();
              }
            };
            writing = write().catch(() => undefined);
            return new Promise((_resolve, reject) => {
              abort.signal.addEventListener('abort', () => reject(abort.signal.reason as Error));
            });
          },
        );
        await Promise.race([entered.opened, step]);
        abort.abort(new Error('too slow'));
        await expect(step).rejects.toThrow('too slow');
        await writing;
      }
      expect(await scene().effects()).toEqual([]);
    });

    it('costs no connection: many can be aborted, one after another', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId);
      for (let i = 0; i < 25; i++) {
        const abort = new AbortController();
        const step = scene().store.inStepTransaction(
          callOf(saga, sessionId),
          abort.signal,
          async (tx) => {
            await scene().writeEffect(tx, 'half');
            abort.abort(new Error('too slow'));
            return never;
          },
        );
        await expect(step).rejects.toThrow('too slow');
      }
      expect(await scene().step(callOf(saga, sessionId), 'at last', [nextRow(saga)])).toBe(
        'committed',
      );
      expect(await scene().effects()).toEqual(['at last']);
    });

    it('is told at once, also while it waits for another call of its phase', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId);
      const [abort, entered, gate] = [new AbortController(), makeGate(), makeGate()];
      const first = scene().store.inStepTransaction(
        callOf(saga, sessionId),
        new AbortController().signal,
        async (tx) => {
          await scene().writeEffect(tx, 'first');
          entered.open();
          await gate.opened;
          return [nextRow(saga)];
        },
      );
      await Promise.race([entered.opened, first]);
      const work = jest.fn(async () => []);
      const second = scene().store.inStepTransaction(callOf(saga, sessionId), abort.signal, work);
      abort.abort(new Error('too slow'));
      await expect(second).rejects.toThrow('too slow');
      gate.open();
      expect(await first).toBe('committed');
      expect([await scene().effects(), work.mock.calls.length]).toEqual([['first'], 0]);
    });
  });
}
