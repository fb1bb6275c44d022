export { describeStore } from './conformance/describe-store';
export type { CallerTransaction, OpenStore, StoreUnderTest } from './conformance/store-under-test';
export { MemoryStore } from './memory/memory-store';
export { MemoryTx, type MemoryRow } from './memory/memory-tx';
export { VirtualClock } from './memory/virtual-clock';
