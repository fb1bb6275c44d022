export {
  ConflictError,
  DuplicateError,
  InvariantError,
  NotFoundError,
  SchemaError,
  TenonError,
  UsageError,
  invariant,
  type TenonErrorCode,
} from './errors';
export { JSON_BYTES_MAX, JSON_DEPTH_MAX, toJsonText, utf8Bytes, type Json } from './json';
export {
  KEY_BYTES_MAX,
  PRIORITIES,
  PRIORITY_NUMBERS,
  TRACE_CONTEXT_LENGTH_MAX,
  TYPE_LENGTH_MAX,
  type AppendOptions,
  type AppendedMarker,
  type NewMarker,
  type Operation,
  type Payload,
  type Priority,
} from './marker/marker';
export { newMarker } from './marker/new-marker';
export type { DispatchHandlers, Dispatcher, OnChunk } from './ports/dispatcher';
export { FAULT_POINTS, noFaults, type FaultPoint, type FaultPoints } from './ports/fault-points';
export { PAGE_SIZE_MAX } from './ports/operator-store';
export type {
  AuditEntry,
  AuditRow,
  MarkerFilter,
  MarkerSummary,
  OperationDetails,
  OperatorKey,
  OperatorRole,
  OperatorStore,
  PageRequest,
  RepairRunRow,
  SagaFilter,
  SagaSummary,
  SessionRow,
  TypeBacklog,
  TypePause,
} from './ports/operator-store';
export type {
  BlockedKey,
  FencedCall,
  HeldSaga,
  NewSession,
  OldOperations,
  RecordAnswer,
  SagaExit,
  SagaRecord,
  SagaReport,
  StepCommit,
  Store,
  StoreCounters,
  StoreErrorKind,
  TakeRequest,
  Taken,
  Ticket,
} from './ports/store';
export type { CallerTx, Register, Tx } from './ports/tx';
export {
  backoffMs,
  exponential,
  fixed,
  noRetry,
  type ExponentialOptions,
  type RetryPolicy,
} from './retry/backoff';
export type { ExternalContext, TransactionalContext, WithOutput } from './saga/context';
export { crashesInVain, holdersInVain } from './saga/crashes';
export {
  canTurnBack,
  decide,
  expire,
  killSaga,
  pauseSaga,
  type Decision,
  type Facts,
  type Then,
} from './saga/decide';
export type { InputParser, SagaDefinition, Step, StepMode, StepOptions } from './saga/definition';
export type {
  ActionHandler,
  ExternalActionHandler,
  ExternalTccHandler,
  HandlerClass,
  TccHandler,
} from './saga/handler';
export { inputFault } from './saga/input-fault';
export {
  FINDING_CODES,
  explain,
  type Finding,
  type FindingCode,
  type OperationFacts,
  type SagaFacts,
} from './saga/explain';
export { OUTGOING_HEADER_NAMES, outgoingHeaders } from './saga/outgoing-headers';
export { nextMove, owedMove, type Call, type Move } from './saga/next-move';
export {
  killUnknown,
  operate,
  type Operable,
  type Operated,
  type OperatedExit,
  type Order,
} from './saga/operate';
export {
  ERROR_TEXT_LENGTH_MAX,
  FinalError,
  Refusal,
  RefusedError,
  RetryAfterError,
  outcomeOfThrown,
  refuse,
  type Outcome,
} from './saga/outcome';
export {
  NOT_BEGUN,
  advance,
  replay,
  stepProgress,
  type Progress,
  type StepProgress,
} from './saga/progress';
export { STEP_TIMEOUT_MS_DEFAULT, saga, type Saga, type SagaOptions } from './saga/saga';
export {
  FINAL_STATES,
  KEY_HOLDING_STATUSES,
  MARKER_MOVES,
  MARKER_STATUSES,
  PHASES,
  SAGA_MOVES,
  SAGA_STATES,
  STATE_OF_PHASE,
  isFinalState,
  isLegalSagaMove,
  type FinalState,
  type MarkerStatus,
  type Phase,
  type SagaState,
} from './saga/states';
export {
  TRANSITION_OUTCOMES,
  type RecordedTransition,
  type Transition,
  type TransitionOutcome,
} from './saga/transition';
export { VERBS, type Verb } from './saga/verbs';
