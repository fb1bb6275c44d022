// Goal: the memory store is fair to use in tests, because it keeps the promises that the SQL stores keep.
// Method: the same conformance suite.
import { describeStore, MemoryStore } from '@tenon/testing';

describeStore('memory', async () => {
  const store = new MemoryStore();
  const outside = store.begin();
  await outside.rollback();
  let effects = 0;
  return {
    store,
    outside,
    begin: async () => {
      const tx = store.begin();
      return {
        tx,
        commit: () => tx.commit(),
        rollback: () => tx.rollback(),
        nested: (work) => tx.nested(work),
      };
    },
    writeEffect: (tx, name) => tx.set('effect', String(++effects), { name }),
    effects: () =>
      store.transaction(async (tx) =>
        [...(await tx.rows('effect')).values()].map(({ name }) => String(name)),
      ),
    passTime: (ms) => store.clock.advance(ms),
    close: () => store.close(),
  };
});
