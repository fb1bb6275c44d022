import type { FaultPoint, FaultPoints } from '@tenon/core';

/** Somebody who was stopped at a fault point, until the test lets them go on. */
export interface ParkedHit {
  readonly point: FaultPoint;
  resume(): void;
  /** Lets them go on with an error, as if the call behind the point had failed. */
  fail(error: Error): void;
}

interface Plan {
  readonly point: FaultPoint;
  /** Hits of the point that still pass unharmed. */
  passes: number;
  readonly meet: () => Promise<void>;
}

/** A test's hand on the engine's fault points. */
export interface FaultControls extends FaultPoints {
  /** Stops whoever comes to `point` as the `nth` from now, and resolves when they are there. */
  parkAt(point: FaultPoint, nth?: number): Promise<ParkedHit>;
  /** Makes the `nth` hit from now fail with `error`. */
  throwAt(point: FaultPoint, error: Error, nth?: number): void;
  /** Makes the `nth` hit from now take as long as `delay` does: `() => clock.sleep(100)`. */
  delayAt(point: FaultPoint, delay: () => Promise<void>, nth?: number): void;
  /** How often the point was hit so far. */
  hits(point: FaultPoint): number;
  /** Lets everybody who is parked go on, and forgets all plans: for the end of a test. */
  clear(): void;
}

/**
 * Fault points that a test can park at, throw at and delay at. Hand them to the engine as `faults`.
 *
 * @example
 * const faults = faultControls();
 * const arrival = faults.parkAt('record.before');
 * await client.start(tx, transfer, order);
 * const worker = await arrival;
 * // … let its session lapse, run a second worker …
 * worker.resume();
 */
export function faultControls(): FaultControls {
  const plans: Plan[] = [];
  const parked = new Set<ParkedHit>();
  const counts = new Map<FaultPoint, number>();

  const plan = (point: FaultPoint, nth: number, meet: () => Promise<void>): void => {
    plans.push({ point, passes: nth - 1, meet });
  };

  return {
    async hit(point) {
      counts.set(point, (counts.get(point) ?? 0) + 1);
      const ofPoint = plans.filter((each) => each.point === point);
      const due = ofPoint.find(({ passes }) => passes <= 0);
      for (const each of ofPoint) each.passes -= 1;
      if (due === undefined) return;
      plans.splice(plans.indexOf(due), 1);
      await due.meet();
    },

    parkAt: (point, nth = 1) =>
      new Promise((arrive) => {
        plan(
          point,
          nth,
          () =>
            new Promise((resolve, reject) => {
              const leave = (go: () => void): void => {
                parked.delete(hit);
                go();
              };
              const hit: ParkedHit = {
                point,
                resume: () => leave(resolve),
                fail: (error) => leave(() => reject(error)),
              };
              parked.add(hit);
              arrive(hit);
            }),
        );
      }),

    throwAt: (point, error, nth = 1) => plan(point, nth, () => Promise.reject(error)),

    delayAt: (point, delay, nth = 1) => plan(point, nth, delay),

    hits: (point) => counts.get(point) ?? 0,

    clear() {
      plans.length = 0;
      for (const hit of parked) hit.resume();
    },
  };
}
