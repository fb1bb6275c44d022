import type { Phase, SagaState } from './states';

/** Everything that is known of one operation at one instant of the database's clock. */
export interface OperationFacts {
  readonly id: string;
  readonly type: string;
  readonly key: string | null;
  readonly markerStatus: 'pending' | 'parked' | 'taken' | 'done' | 'dead';
  /** Milliseconds until the marker may be taken in; negative when it is overdue. */
  readonly markerDueInMs: number;
  /** Null while it has not been taken in. */
  readonly saga: SagaFacts | null;
  /** Why it is dead, paused or ended as it did. */
  readonly reason: string | null;
  /** The operation of the same key that goes first. */
  readonly behind: {
    readonly id: string;
    readonly type: string;
    readonly state: SagaState | 'pending';
  } | null;
  /** The type was paused by an operator. */
  readonly pause: { readonly by: string; readonly reason: string } | null;
  /** Living sessions with the relay role that know this type. */
  readonly relaysOfType: number;
  /** Living sessions with the worker role that know this type. */
  readonly workersOfType: number;
  /** Living sessions with the worker role that know this type in the saga's version. */
  readonly workersOfVersion: number;
  /** Versions that living sessions know, lowest first. */
  readonly knownVersions: readonly number[];
  readonly queue: 'answers' | 'is down' | 'unknown';
}

export interface SagaFacts {
  readonly state: SagaState;
  readonly version: number;
  readonly fence: number;
  readonly crashes: number;
  readonly isQueued: boolean;
  /** Milliseconds until it may be claimed; null when it is held, paused or ended. */
  readonly dueInMs: number | null;
  readonly holder: {
    readonly sessionId: string;
    readonly worker: string;
    /** Milliseconds until the session lapses unless it is renewed; negative when it has. */
    readonly expiresInMs: number;
  } | null;
  /** The last call of a handler that failed, while nothing has succeeded since. */
  readonly lastFailure: {
    readonly step: string;
    readonly phase: Phase;
    readonly attempt: number;
    readonly attemptMax: number | null;
    readonly code: string | null;
    readonly message: string | null;
  } | null;
}

export const FINDING_CODES = [
  'ENDED',
  'DEAD',
  'DISCARDED',
  'NOT_YET_DUE',
  'WAITING_BEHIND_KEY',
  'TYPE_PAUSED',
  'NO_RELAY',
  'NO_WORKER',
  'MISSING_HANDLER',
  'DEFINITION_MISMATCH',
  'QUEUE_DOWN',
  'QUEUED',
  'HELD',
  'HOLDER_LAPSED',
  'NEXT_RETRY',
  'ATTEMPTS_EXHAUSTED',
  'CRASH_LOOP',
  'PAUSED',
  'DUE',
] as const;
export type FindingCode = (typeof FINDING_CODES)[number];

/** One reason why an operation is where it is. The code never changes its meaning. */
export interface Finding {
  readonly code: FindingCode;
  /** In plain words. */
  readonly text: string;
  /** What to do about it; null where nothing need be done. */
  readonly cure: string | null;
}

/** Why an operation is where it is, the reason that matters most first. Never empty. Pure. */
export function explain(facts: OperationFacts): readonly Finding[] {
  const { saga } = facts;
  if (facts.markerStatus === 'dead') return [dead(facts)];
  if (saga === null)
    return facts.markerStatus === 'done' ? [discarded(facts)] : waitsForIntake(facts);
  if (saga.state === 'completed' || saga.state === 'compensated' || saga.state === 'killed')
    return [ended(facts, saga)];
  if (saga.state === 'paused') return [paused(facts, saga), ...obstacles(facts, saga)];
  if (saga.holder !== null) return [held(saga, saga.holder), ...failure(saga)];
  return waitsForWorker(facts, saga);
}

function waitsForIntake(facts: OperationFacts): readonly Finding[] {
  const findings: Finding[] = [];
  if (facts.behind !== null) findings.push(waitsBehind(facts.key, facts.behind));
  else if (facts.markerDueInMs > 0)
    findings.push({
      code: 'NOT_YET_DUE',
      text: `It is due in ${span(facts.markerDueInMs)}.`,
      cure: null,
    });
  if (facts.pause !== null) findings.push(typePaused(facts, facts.pause));
  if (facts.workersOfType + facts.relaysOfType === 0) findings.push(missingHandler(facts));
  else if (facts.relaysOfType === 0)
    findings.push({
      code: 'NO_RELAY',
      text: `No living process with the relay role knows "${facts.type}".`,
      cure: 'Start an instance with the role relay.',
    });
  else if (facts.workersOfType === 0) findings.push(noWorker(facts));
  if (facts.queue === 'is down') findings.push(queueDown());
  return findings.length > 0
    ? findings
    : [{ code: 'DUE', text: 'It is due and is about to be taken in.', cure: null }];
}

function waitsForWorker(facts: OperationFacts, saga: SagaFacts): readonly Finding[] {
  const findings = [...obstacles(facts, saga)];
  if (saga.lastFailure !== null && (saga.dueInMs ?? 0) > 0 && !saga.isQueued)
    findings.push(nextRetry(saga));
  else if (saga.isQueued)
    findings.push({
      code: 'QUEUED',
      text: `It was handed to the queue. If nobody adopts it, it is dispatched again in ${span(saga.dueInMs ?? 0)}.`,
      cure: null,
    });
  else if ((saga.dueInMs ?? 0) > 0)
    findings.push({
      code: 'NOT_YET_DUE',
      text: `It goes on in ${span(saga.dueInMs ?? 0)}.`,
      cure: null,
    });
  return findings.length > 0
    ? findings
    : [{ code: 'DUE', text: 'It is due, and the next free worker goes on with it.', cure: null }];
}

/** What keeps a saga from being run, whoever would like to. */
function obstacles(facts: OperationFacts, saga: SagaFacts): readonly Finding[] {
  const findings: Finding[] = [];
  if (facts.pause !== null) findings.push(typePaused(facts, facts.pause));
  if (facts.workersOfType === 0)
    findings.push(facts.relaysOfType === 0 ? missingHandler(facts) : noWorker(facts));
  else if (facts.workersOfVersion === 0)
    findings.push({
      code: 'DEFINITION_MISMATCH',
      text: `It began with version ${saga.version} of "${facts.type}"; the living workers know version ${facts.knownVersions.join(', ') || 'none'}.`,
      cure: `Deploy a worker that still declares version ${saga.version}.`,
    });
  if (facts.queue === 'is down') findings.push(queueDown());
  return findings;
}

function held(saga: SagaFacts, holder: NonNullable<SagaFacts['holder']>): Finding {
  const who = `session ${holder.sessionId} (${holder.worker})`;
  return holder.expiresInMs > 0
    ? {
        code: 'HELD',
        text: `It is ${saga.state}, held by ${who}, which lapses in ${span(holder.expiresInMs)} unless it is renewed.`,
        cure: null,
      }
    : {
        code: 'HOLDER_LAPSED',
        text: `It is held by ${who}, which lapsed ${span(-holder.expiresInMs)} ago. Repair gives it to others.`,
        cure: 'If this lasts, no instance with the role relay runs repair: start one.',
      };
}

function paused(facts: OperationFacts, saga: SagaFacts): Finding {
  const reason = facts.reason ?? 'no reason was recorded';
  if (reason.startsWith('TENON_CRASH_LOOP'))
    return {
      code: 'CRASH_LOOP',
      text: `It is paused: ${reason}.`,
      cure: 'Find what kills the worker while it runs this saga, then resume it.',
    };
  if (reason.startsWith('TENON_INVARIANT'))
    return {
      code: 'DEFINITION_MISMATCH',
      text: `It is paused, because its history does not fit its definition: ${reason}.`,
      cure: 'Deploy the definition it began with, then resume it.',
    };
  if (saga.lastFailure === null)
    return {
      code: 'PAUSED',
      text: `It is paused: ${reason}.`,
      cure: 'Resume it, or cancel or kill it.',
    };
  const { step, phase, attempt } = saga.lastFailure;
  return {
    code: 'ATTEMPTS_EXHAUSTED',
    text: `It is paused: ${phase} of "${step}" failed for good (call ${attempt}): ${said(saga.lastFailure)}.`,
    cure: 'Mend the cause, then retry it; or skip or mark done that call, with the reason.',
  };
}

function failure(saga: SagaFacts): readonly Finding[] {
  return saga.lastFailure === null ? [] : [nextRetry(saga)];
}

function nextRetry(saga: SagaFacts): Finding {
  const last = saga.lastFailure;
  const of = typeof last?.attemptMax === 'number' ? ` of ${last.attemptMax}` : '';
  const when = saga.holder === null ? `in ${span(saga.dueInMs ?? 0)}` : 'now';
  return {
    code: 'NEXT_RETRY',
    text:
      last === null
        ? `The next attempt is ${when}.`
        : `${last.phase} of "${last.step}" failed (attempt ${last.attempt}${of}): ${said(last)}. The next attempt is ${when}.`,
    cure: 'Retry it now, if the cause is mended.',
  };
}

function said(failed: NonNullable<SagaFacts['lastFailure']>): string {
  return [failed.code, failed.message].filter((part) => part !== null).join(': ');
}

function waitsBehind(key: string | null, behind: NonNullable<OperationFacts['behind']>): Finding {
  return {
    code: 'WAITING_BEHIND_KEY',
    text: `Operations of the key "${key ?? ''}" run one after another: it waits behind ${behind.id} (${behind.type}), which is ${behind.state}.`,
    cure: behind.state === 'paused' ? `Look at ${behind.id}.` : null,
  };
}

function typePaused(facts: OperationFacts, pause: NonNullable<OperationFacts['pause']>): Finding {
  return {
    code: 'TYPE_PAUSED',
    text: `The type "${facts.type}" was paused by ${pause.by}: ${pause.reason}`,
    cure: `Resume the type "${facts.type}".`,
  };
}

function missingHandler(facts: OperationFacts): Finding {
  return {
    code: 'MISSING_HANDLER',
    text: `No living process knows the saga "${facts.type}".`,
    cure: 'Deploy an instance whose modules declare it (TenonModule.forFeature), or correct the op_type.',
  };
}

function noWorker(facts: OperationFacts): Finding {
  return {
    code: 'NO_WORKER',
    text: `No living process with the worker role knows "${facts.type}": nobody adopts it.`,
    cure: 'Start an instance with the role worker.',
  };
}

function queueDown(): Finding {
  return {
    code: 'QUEUE_DOWN',
    text: 'The queue does not answer. Processes with both roles run what they take in themselves; others wait for it.',
    cure: 'Start the queue again. Nothing is lost.',
  };
}

function dead({ reason }: OperationFacts): Finding {
  return {
    code: 'DEAD',
    text: `It cannot be run: ${reason ?? 'no reason was recorded'}.`,
    cure: 'Mend the cause and redrive it, or discard it.',
  };
}

function discarded({ reason }: OperationFacts): Finding {
  return {
    code: 'DISCARDED',
    text: `It was discarded: ${reason ?? 'no reason was recorded'}.`,
    cure: null,
  };
}

function ended({ reason }: OperationFacts, { state }: SagaFacts): Finding {
  return {
    code: 'ENDED',
    text: `It is ${state}${reason === null ? '' : `: ${reason}`}.`,
    cure: null,
  };
}

/** A duration for people: 850 ms, 12 s, 3 min, 5 h. */
function span(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  return `${Math.round(ms / 3_600_000)} h`;
}
