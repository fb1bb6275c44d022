import type { FinalState, Outcome, Phase, Transition } from '@tenon/core';
import { errorLine, type EngineLogger } from './logger';

/** A saga of which an observer is told. */
export interface ObservedSaga {
  readonly id: string;
  readonly type: string;
}

/** One call of a handler, as it was answered. */
export interface ObservedCall {
  readonly saga: ObservedSaga;
  readonly step: string;
  readonly phase: Phase;
  readonly outcome: Outcome['kind'];
  /** Of the handler alone: neither the wait for a slot nor the commit behind it. */
  readonly durationMs: number;
}

/**
 * Is told what this process has done: for metrics, and for whoever waits for an end. Called in passing, behind the commit
 * of what it is told of: it must be quick, and what it throws is logged and changes nothing. What another process did is
 * told there; what a process did right before it died is told nowhere, so this is no record of anything.
 */
export interface EngineObserver {
  /** These rows are in the saga's history. */
  transitionsRecorded?(saga: ObservedSaga, transitions: readonly Transition[]): void;
  sagaEnded?(saga: ObservedSaga, state: FinalState): void;
  sagaPaused?(saga: ObservedSaga): void;
  stepCalled?(call: ObservedCall): void;
  /** This process was silent for too long, and others have gone on with what it held. */
  sessionLapsed?(): void;
}

/** Passes everything on to `observer`, and keeps what it throws from the engine. */
export function guardedObserver(
  observer: EngineObserver,
  logger: EngineLogger,
): Required<EngineObserver> {
  const guarded = (tell: () => void): void => {
    try {
      tell();
    } catch (error) {
      logger.error(`The observer of the engine failed: ${errorLine(error)}`);
    }
  };
  return {
    transitionsRecorded: (saga, transitions) =>
      guarded(() => observer.transitionsRecorded?.(saga, transitions)),
    sagaEnded: (saga, state) => guarded(() => observer.sagaEnded?.(saga, state)),
    sagaPaused: (saga) => guarded(() => observer.sagaPaused?.(saga)),
    stepCalled: (call) => guarded(() => observer.stepCalled?.(call)),
    sessionLapsed: () => guarded(() => observer.sessionLapsed?.()),
  };
}
