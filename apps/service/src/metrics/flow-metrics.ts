import type { EngineObserver } from '@tenon/engine';
import { Counter, Histogram, type Registry } from 'prom-client';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** What this process has done, counted as it happens. */
export function flowMetrics(registry: Registry): EngineObserver {
  const registers = [registry];
  const transitions = new Counter({
    name: 'tenon_transitions_total',
    help: 'Rows of histories that this process has recorded.',
    labelNames: ['type', 'outcome'],
    registers,
  });
  const ended = new Counter({
    name: 'tenon_sagas_ended_total',
    help: 'Sagas that ended in this process, by how.',
    labelNames: ['type', 'state'],
    registers,
  });
  const paused = new Counter({
    name: 'tenon_sagas_paused_total',
    help: 'Sagas that were paused by this process.',
    labelNames: ['type'],
    registers,
  });
  const lapses = new Counter({
    name: 'tenon_session_lapses_total',
    help: 'Times that this process was silent for too long and lost its session.',
    registers,
  });
  const calls = new Histogram({
    name: 'tenon_handler_seconds',
    help: 'How long handlers took.',
    labelNames: ['type', 'step', 'phase', 'outcome'],
    buckets: SECONDS,
    registers,
  });
  return {
    transitionsRecorded: ({ type }, rows) => {
      for (const { outcome } of rows) transitions.inc({ type, outcome });
    },
    sagaEnded: ({ type }, state) => ended.inc({ type, state }),
    sagaPaused: ({ type }) => paused.inc({ type }),
    sessionLapsed: () => lapses.inc(),
    stepCalled: ({ saga: { type }, step, phase, outcome, durationMs }) =>
      calls.observe({ type, step, phase, outcome }, durationMs / 1_000),
  };
}
