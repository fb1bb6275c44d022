export { TenonClient, type Started } from './client';
export { systemClock, type Clock } from './clock/clock';
export { Engine, type EngineCounters } from './engine';
export type { EngineLogger } from './logger';
export type { TenonFeature } from './nest/feature';
export { TenonModule, type TenonAsyncOptions } from './nest/tenon.module';
export {
  Operator,
  REASON_LENGTH_MAX,
  type Actor,
  type Explanation,
  type OrderAnswer,
} from './operator/operator';
export type { EngineObserver, ObservedCall, ObservedSaga } from './observer';
export type { EngineOptions, Role } from './options';
export type { RepairRun } from './repair/repair';
