export { VirtualClock } from './clock/virtual-clock';
export { describeStore } from './conformance/describe-store';
export type { CallerTransaction, OpenStore, StoreUnderTest } from './conformance/store-under-test';
export { inProcessDispatcher } from './dispatch/in-process-dispatcher';
export { InProcessQueue, type Timers } from './dispatch/in-process-queue';
export { faultControls, type FaultControls, type ParkedHit } from './faults/fault-controls';
export { MemoryConflictError, MemoryDataError } from './memory/memory-errors';
export { MemoryStore } from './memory/memory-store';
export { MemoryTx, type MemoryRow } from './memory/memory-tx';
