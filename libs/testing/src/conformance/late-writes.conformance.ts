// Goal: what a handler still sends when it has answered reaches nothing: behind the end of its transaction it would commit
// by itself, with no fence.
// Method: handlers that answer, say no or fail while another chain of theirs goes on writing, as one does that fails out of
// a Promise.all, or forgets an await.
import { makeGate } from './gate';
import { callOf, nextRow } from './saga-records';
import { useScene } from './scene';
import type { OpenStore } from './store-under-test';

const TIMES = 10;

export function describeLateWrites<T>(open: OpenStore<T>): void {
  const scene = useScene(open);

  describe('a handler that still writes when it', () => {
    it.each(['fails', 'answers null'])('%s leaves nothing', async (how) => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId);
      for (let time = 0; time < TIMES; time += 1) {
        let writing: Promise<unknown> = Promise.resolve();
        const step = scene().store.inStepTransaction(
          callOf(saga, sessionId),
          new AbortController().signal,
          async (tx) => {
            ({ writing } = await beginWriting(tx));
            if (how === 'fails') throw new Error('the other chain has failed');
            return null;
          },
        );
        if (how === 'fails') await expect(step).rejects.toThrow('the other chain has failed');
        else expect(await step).toBe('rolledBack');
        await writing;
      }
      expect(await scene().effects()).toEqual([]);
    });

    it('answers commits what was written until then, and nothing behind it', async () => {
      const sessionId = await scene().session();
      const saga = await scene().hold(sessionId);
      let writing: Promise<unknown> = Promise.resolve();
      const step = await scene().store.inStepTransaction(
        callOf(saga, sessionId),
        new AbortController().signal,
        async (tx) => {
          ({ writing } = await beginWriting(tx));
          return [nextRow(saga)];
        },
      );
      expect(step).toBe('committed');
      const committed = await scene().effects();
      await writing;
      expect(await scene().effects()).toEqual(committed);
    });

    /** Writes on and on until it is refused. Answers once the first write is through. */
    async function beginWriting(tx: T): Promise<{ readonly writing: Promise<unknown> }> {
      const begun = makeGate();
      const write = async (): Promise<never> => {
        for (;;) {
          await scene().writeEffect(tx, 'late');
          begun.open();
        }
      };
      const writing = write().catch(() => undefined);
      await begun.opened;
      return { writing };
    }
  });
}
