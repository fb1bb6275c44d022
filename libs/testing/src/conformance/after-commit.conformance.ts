// Goal: a relay is nudged for every committed marker and for none that is not there to be found.
// Method: transactions that commit, roll back and nest, with a callback that counts.
import { useScene } from './scene';
import type { OpenStore } from './store-under-test';

export function describeAfterCommit<T>(open: OpenStore<T>): void {
  const scene = useScene(open);

  describe('afterCommit', () => {
    it('calls back once, after the commit and not before', async () => {
      const { tx, commit } = await scene().begin();
      const callback = jest.fn();
      scene().store.afterCommit(tx, callback);
      await scene().writeEffect(tx, 'paid');
      expect(callback).toHaveBeenCalledTimes(0);
      await commit();
      expect(callback).toHaveBeenCalledTimes(1);
    });

    it('never calls back after a rollback, nor after a later transaction', async () => {
      const { tx, rollback } = await scene().begin();
      const callback = jest.fn();
      scene().store.afterCommit(tx, callback);
      await rollback();
      const later = await scene().begin();
      await scene().writeEffect(later.tx, 'paid');
      await later.commit();
      expect(callback).toHaveBeenCalledTimes(0);
    });

    it('waits for the outermost transaction', async () => {
      const caller = await scene().begin();
      const callback = jest.fn();
      await caller.nested(async (tx) => {
        await scene().writeEffect(tx, 'paid');
        scene().store.afterCommit(tx, callback);
      });
      expect(callback).toHaveBeenCalledTimes(0);
      await caller.commit();
      expect(callback).toHaveBeenCalledTimes(1);
    });

    it('never calls back when the outermost transaction rolls back', async () => {
      const caller = await scene().begin();
      const callback = jest.fn();
      await caller.nested(async (tx) => scene().store.afterCommit(tx, callback));
      await caller.rollback();
      expect(callback).toHaveBeenCalledTimes(0);
    });

    it('calls back each of several', async () => {
      const { tx, commit } = await scene().begin();
      const callbacks = [jest.fn(), jest.fn()];
      for (const callback of callbacks) scene().store.afterCommit(tx, callback);
      await commit();
      expect(callbacks.map((callback) => callback.mock.calls.length)).toEqual([1, 1]);
    });
  });
}
