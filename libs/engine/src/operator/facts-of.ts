import {
  stepProgress,
  type OperationDetails,
  type OperationFacts,
  type Progress,
  type RecordedTransition,
  type SagaDefinition,
  type SagaFacts,
  type SessionRow,
} from '@tenon/core';

/** What the world adds to what the database knows of an operation. */
interface Surroundings {
  /** Null: this process does not know the saga's definition. */
  readonly definition: SagaDefinition | null;
  readonly progress: Progress | null;
  readonly sessions: readonly SessionRow[];
  readonly queue: OperationFacts['queue'];
}

/** Puts together what {@link explain} needs. Pure. */
export function factsOf(details: OperationDetails, around: Surroundings): OperationFacts {
  const { marker, saga, behind, pause } = details;
  const living = around.sessions.filter((each) => each.endedAt === null && each.expiresInMs > 0);
  const ofType = living.filter((each) => Object.hasOwn(each.versions, marker.type));
  const workers = ofType.filter((each) => each.roles.includes('worker'));
  const versionsOf = (session: SessionRow): readonly number[] =>
    session.versions[marker.type] ?? [];
  return {
    id: details.id,
    type: marker.type,
    key: marker.key,
    markerStatus: marker.status,
    markerDueInMs: marker.dueInMs,
    saga: saga === null ? null : sagaFacts(saga, details, around),
    reason: saga?.reason ?? marker.reason,
    behind,
    pause,
    relaysOfType: ofType.filter((each) => each.roles.includes('relay')).length,
    workersOfType: workers.length,
    workersOfVersion:
      saga === null
        ? workers.length
        : workers.filter((each) => versionsOf(each).includes(saga.version)).length,
    knownVersions: [...new Set(workers.flatMap(versionsOf))].sort((a, b) => a - b),
    queue: around.queue,
  };
}

function sagaFacts(
  saga: NonNullable<OperationDetails['saga']>,
  { history, holder }: OperationDetails,
  { definition, progress }: Surroundings,
): SagaFacts {
  return {
    // The saga's row may lag behind its history for a moment.
    state: history.at(-1)?.to ?? saga.state,
    version: saga.version,
    fence: saga.fence,
    crashes: saga.crashes,
    isQueued: saga.isQueued,
    dueInMs: saga.dueInMs,
    holder:
      holder === null
        ? null
        : { sessionId: holder.id, worker: holder.worker, expiresInMs: holder.expiresInMs },
    lastFailure: lastFailure(history, definition, progress),
  };
}

/** The last row of a handler, if it failed or refused what it may not refuse. */
function lastFailure(
  history: readonly RecordedTransition[],
  definition: SagaDefinition | null,
  progress: Progress | null,
): SagaFacts['lastFailure'] {
  const last = [...history].reverse().find((row) => row.step !== null);
  if (last === undefined || last.step === null || last.phase === null) return null;
  const hasFailed =
    last.outcome === 'failed' || (last.outcome === 'refused' && last.to === 'paused');
  if (!hasFailed || (last.verb ?? null) !== null) return null;
  const step = definition?.steps.find((each) => each.name === last.step);
  // A call that is not owed any more has been settled: the saga has turned back.
  if (
    progress !== null &&
    last.to !== 'paused' &&
    stepProgress(progress, last.step).failures[last.phase] === undefined
  )
    return null;
  return {
    step: last.step,
    phase: last.phase,
    attempt: last.attempt,
    attemptMax: step?.retry.attemptMax ?? null,
    code: last.errorCode,
    message: last.reason,
  };
}
