import { setTimeout as wait } from 'node:timers/promises';
import { Engine } from '@tenon/engine';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { RequestListener } from 'node:http';
import type { DataSource } from 'typeorm';
import { serviceDataSource } from './database/data-source';
import { migrateAll } from './database/migrate-all';
import { isDown, openDatabase } from './database/open-database';
import { EngineEvents } from './engine-events';
import { Listener } from './http/listener';
import { serveDocs } from './http/openapi';
import { Shutdown } from './http/shutdown';
import { waitingRoom } from './http/waiting-room';
import { choosePlace, type ChosenPlace } from './place/choose-place';
import { engineOptions } from './place/engine-options';
import { HttpServiceModule } from './service.module';
import type { Settings } from './settings';

/** JSON bodies; files come in as streams, and have no limit. */
const JSON_BODY_LIMIT = '1mb';
const DATABASE_RETRY_MS = 500;
/** A day: the service waits for its database until somebody stops it. */
const START_MS_MAX = 86_400_000;
/** Of the grace time this part is kept for letting the session go and for closing connections. */
const CLOSING_SHARE = 0.2;
const CLOSING_MS_MAX = 2_000;

/** Where a process of the service speaks. */
export interface Voice {
  /** What was chosen, and that it serves. */
  readonly tell: (text: string) => void;
  /** Trouble. */
  readonly say: (text: string) => void;
}

/** One process of the service: HTTP from the first moment on, the application as soon as the database is there. */
export class Service {
  private readonly shutdown = new Shutdown();
  private listener: Listener | null = null;
  private place: ChosenPlace | null = null;
  private app: NestExpressApplication | null = null;

  constructor(
    private readonly settings: Settings,
    private readonly voice: Voice,
  ) {}

  /** @throws what `exitCodeOf` knows, when it cannot ever begin like this */
  async start(): Promise<void> {
    const { settings, voice, shutdown } = this;
    this.listener = await Listener.open(settings.port, settings.host, waitingRoom);
    this.place = await choosePlace(settings, voice.say);
    const roles = [...(settings.hasApi ? ['api'] : []), ...settings.engineRoles].join(', ');
    voice.tell(`Tenon: ${this.place.shown}; roles: ${roles}; ${this.listener.url}`);
    const dataSource = await this.openDatabase(this.place);
    if (shutdown.signal.aborted) return;
    this.app = await this.boot(this.place, dataSource);
    this.listener.serve(this.app.getHttpAdapter().getInstance() as RequestListener);
    voice.tell(settings.hasApi ? 'Tenon serves; its API is described at /docs.' : 'Tenon serves.');
  }

  /**
   * Ends in good order, within the grace time: from this call on nothing is taken in or adopted, requests that are being
   * answered are, and what handlers do not finish in time is free for others. True when all of it went so.
   */
  async stop(): Promise<boolean> {
    const { shutdownGraceMs } = this.settings;
    this.shutdown.begin();
    const patience = new AbortController();
    const late = wait(shutdownGraceMs, false, { signal: patience.signal }).catch(() => false);
    const inTime = await Promise.race([this.stopAll().then(() => true), late]);
    patience.abort();
    return inTime;
  }

  private async stopAll(): Promise<void> {
    const graceMs = graceOf(this.settings.shutdownGraceMs);
    const engine = this.app?.get(Engine).stop();
    await Promise.all([engine, this.listener?.close(graceMs)]);
    await this.app?.close();
    await this.place?.stop();
  }

  /** Connected and migrated. A database that is away is waited for without end. */
  private async openDatabase(place: ChosenPlace): Promise<DataSource> {
    const { database } = place;
    const { say } = this.voice;
    const dataSource = serviceDataSource(database, this.settings.connectionsMax);
    await openDatabase(dataSource, database, say, Infinity);
    while (!this.shutdown.signal.aborted) {
      try {
        await migrateAll(dataSource);
        break;
      } catch (error) {
        if (!isDown(error)) throw error;
        await wait(DATABASE_RETRY_MS);
      }
    }
    return dataSource;
  }

  private async boot(place: ChosenPlace, dataSource: DataSource): Promise<NestExpressApplication> {
    const { settings, shutdown } = this;
    const options = {
      dataSource,
      shutdown,
      events: new EngineEvents(),
      hasApi: settings.hasApi,
      backlogAgeMsMax: settings.backlogAgeMsMax,
      engine: {
        ...engineOptions(place, dataSource),
        ...(settings.workerName === null ? {} : { workerName: settings.workerName }),
        roles: settings.engineRoles,
        migrate: false,
        sessionMs: settings.sessionMs,
        requeueMs: settings.requeueMs,
        heldSagaMax: settings.heldSagaMax,
        transactionalCallMax: settings.transactionalCallMax,
        shutdownGraceMs: graceOf(settings.shutdownGraceMs),
        startTimeoutMs: START_MS_MAX,
      },
    };
    const nestOptions = {
      logger: ['error' as const, 'warn' as const, 'fatal' as const],
      ...{ abortOnError: false, bodyParser: false },
    };
    const module = HttpServiceModule.forRoot(options);
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- Nest declares its options as a class, and takes them as an object
    const app = await NestFactory.create<NestExpressApplication>(module, nestOptions);
    app.disable('x-powered-by');
    app.useBodyParser('json', { limit: JSON_BODY_LIMIT });
    if (settings.hasApi) serveDocs(app);
    return app.init();
  }
}

/** What handlers and requests get of the whole grace time. */
function graceOf(shutdownGraceMs: number): number {
  return shutdownGraceMs - Math.min(CLOSING_MS_MAX, shutdownGraceMs * CLOSING_SHARE);
}
