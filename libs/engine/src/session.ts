import { setMaxListeners } from 'node:events';

import type { NewSession, Store } from '@tenon/core';
import type { Clock } from './clock/clock';
import { errorLine, type EngineLogger } from './logger';
import type { EngineObserver } from './observer';
import type { Outage } from './outage';

/** A worker session that was opened. Its signal aborts when it has lapsed, or is closed. */
export interface Session {
  readonly id: string;
  readonly signal: AbortSignal;
}

interface Dependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: EngineLogger;
  readonly outage: Outage;
  readonly observer: Required<EngineObserver>;
  readonly workerName: string;
  readonly sessionMs: number;
  readonly roles: NewSession['roles'];
  readonly versions: NewSession['versions'];
}

/**
 * Keeps this process's worker session: renews it three times per period, by a timer of its own, and opens a new one when
 * it has lapsed. A session that could not be renewed in time is given up here before the database gives it to others.
 */
export class SessionKeeper {
  private readonly stopping = new AbortController();
  private controller = new AbortController();
  private session: Session | null = null;
  private loop: Promise<void> = Promise.resolve();
  private readonly openings: ((session: Session | null) => void)[] = [];

  constructor(private readonly deps: Dependencies) {}

  /** Opens the first session and begins to renew. */
  async start(): Promise<void> {
    await this.open();
    this.loop = this.keep();
  }

  /** The session, if it lives. */
  current(): Session | null {
    return this.session;
  }

  /** The session, as soon as there is one; null at shutdown. */
  async living(): Promise<Session | null> {
    if (this.session !== null || this.stopping.signal.aborted) return this.session;
    return new Promise((resolve) => this.openings.push(resolve));
  }

  /** Stops renewing, and ends the session in good order: what it still holds is free at once. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.answerOpenings(null);
    await this.loop;
    const session = this.session;
    this.lapse();
    if (session === null) return;
    try {
      await this.deps.store.closeSession(session.id);
    } catch (error) {
      this.deps.logger.warn(
        `The session could not be closed (${errorLine(error)}). What it holds is free in ${this.deps.sessionMs} ms.`,
      );
    }
  }

  private async open(): Promise<void> {
    const { store, outage, workerName, sessionMs, roles, versions } = this.deps;
    const id = await outage.outlast('open a session', this.stopping.signal, () =>
      store.openSession({ worker: workerName, sessionMs, roles, versions }),
    );
    if (id === null) return;
    this.controller = new AbortController();
    // Every call that is under way listens, and there may be hundreds.
    setMaxListeners(0, this.controller.signal);
    const session = { id, signal: this.controller.signal };
    this.session = session;
    this.answerOpenings(session);
  }

  private answerOpenings(session: Session | null): void {
    this.openings.splice(0).forEach((resolve) => resolve(session));
  }

  private async keep(): Promise<void> {
    const { clock, logger, observer, sessionMs } = this.deps;
    for (;;) {
      await clock.sleep(sessionMs / 3, this.stopping.signal);
      if (this.stopping.signal.aborted) return;
      try {
        if (this.session !== null && !(await this.renew(this.session))) {
          logger.warn(
            `This process was silent for over ${sessionMs} ms and lost its session. Others go on with its sagas.`,
          );
          this.lapse();
          observer.sessionLapsed();
        }
        if (this.session === null) await this.open();
      } catch (error) {
        logger.error(`The session could not be renewed: ${errorLine(error)}`);
      }
    }
  }

  /** True when the session lives on. Gives up on a database that does not answer before the session is over. */
  private async renew(session: Session): Promise<boolean> {
    const { store, clock, outage, sessionMs } = this.deps;
    const patience = new AbortController();
    const giveUp = (): void => patience.abort();
    const cancel = clock.after((sessionMs * 2) / 3, giveUp);
    this.stopping.signal.addEventListener('abort', giveUp, { once: true });
    try {
      const isAlive = await outage.outlast('renew the session', patience.signal, () =>
        store.renewSession(session.id, sessionMs),
      );
      return isAlive ?? false;
    } finally {
      cancel();
      this.stopping.signal.removeEventListener('abort', giveUp);
    }
  }

  private lapse(): void {
    this.session = null;
    this.controller.abort(new Error('The worker session has ended.'));
  }
}
