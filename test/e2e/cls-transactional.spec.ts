// Goal: with @nestjs-cls/transactional an operation joins the ambient transaction, and outside of one it is refused.
// Method: a service whose method is `@Transactional()` writes a row and starts a saga through `txHost.tx`; look at both
// after a commit, after a rollback, and after a call without a transaction. On PostgreSQL and on MariaDB.
import { Injectable, Module, type DynamicModule } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { ClsPluginTransactional, Transactional, TransactionHost } from '@nestjs-cls/transactional';
import { TransactionalAdapterTypeOrm } from '@nestjs-cls/transactional-adapter-typeorm';
import { saga, type Dispatcher, type Store, type TransactionalContext } from '@tenon/core';
import { bullmqDispatcher } from '@tenon/dispatch';
import { TenonClient, TenonModule } from '@tenon/engine';
import { mysqlStore, postgresStore } from '@tenon/store';
import { ClsModule } from 'nestjs-cls';
import { Column, DataSource, Entity, PrimaryColumn } from 'typeorm';
import {
  describeIf,
  testDatabase,
  testRedis,
  type ServerName,
  type TestDatabase,
  type TestRedis,
} from '../servers';
import { sagaEnd } from './saga-end';

@Entity('note')
class Note {
  @PrimaryColumn('varchar', { length: 64 })
  id!: string;

  @Column('integer', { default: 0 })
  copies!: number;
}

interface CopyNote {
  readonly id: string;
}

@Injectable()
class CopyNoteHandler {
  async action(ctx: TransactionalContext<CopyNote>): Promise<void> {
    await ctx.tx.increment(Note, { id: ctx.input.id }, 'copies', 1);
  }
}

const copyNote = saga('copy-note', {
  version: 1,
  input: { parse: (payload): CopyNote => payload as CopyNote },
}).step('copy', CopyNoteHandler);

@Injectable()
class NotesService {
  constructor(
    private readonly txHost: TransactionHost<TransactionalAdapterTypeOrm>,
    private readonly tenon: TenonClient,
  ) {}

  @Transactional()
  async add(id: string, options: { readonly fails?: boolean } = {}): Promise<string> {
    await this.txHost.tx.insert(Note, { id });
    const started = await this.tenon.start(this.txHost.tx, copyNote, { id });
    if (options.fails === true) throw new Error('thought better of it');
    return started.id;
  }

  async startAlone(id: string): Promise<unknown> {
    return this.tenon.start(this.txHost.tx, copyNote, { id });
  }
}

@Module({
  imports: [TenonModule.forFeature({ sagas: [copyNote] })],
  providers: [NotesService, CopyNoteHandler],
})
class NotesModule {}

interface Dialect {
  readonly type: 'postgres' | 'mariadb';
  readonly server: 'postgres18' | 'mariadb';
  readonly needs: readonly ServerName[];
  readonly store: (dataSource: DataSource) => Store;
  readonly dispatcher: (database: TestDatabase, redis: TestRedis | null) => Dispatcher;
}

const dialects: readonly Dialect[] = [
  {
    type: 'postgres',
    server: 'postgres18',
    needs: ['postgres18'],
    store: (dataSource) => postgresStore({ dataSource }),
    dispatcher: ({ url }) => bullmqDispatcher({ postgres: { url } }),
  },
  {
    type: 'mariadb',
    server: 'mariadb',
    needs: ['mariadb', 'redis'],
    store: (dataSource) => mysqlStore({ dataSource }),
    dispatcher: (_, redis) =>
      bullmqDispatcher({ redis: { url: redis!.url }, prefix: redis!.prefix }),
  },
];

for (const dialect of dialects) {
  describeIf(dialect.needs, `@nestjs-cls/transactional on ${dialect.type}`, () => {
    let database: TestDatabase;
    let redis: TestRedis | null;
    let app: Awaited<ReturnType<typeof boot>>;

    beforeAll(async () => {
      database = await testDatabase(dialect.server);
      redis = dialect.needs.includes('redis') ? await testRedis() : null;
      app = await boot(dialect, database.url, dialect.dispatcher(database, redis));
    });

    afterAll(async () => {
      await app.close();
      await redis?.drop();
      await database.drop();
    });

    const notes = (): NotesService => app.get(NotesService);
    const operations = async (): Promise<number> => {
      const [row] = await app
        .get(DataSource)
        .query<{ n: string }[]>('SELECT count(*) AS n FROM op_log');
      return Number(row?.n);
    };

    it('starts the saga with the ambient transaction', async () => {
      const id = await notes().add('first');

      expect(await sagaEnd(app.get(TenonClient), id)).toMatchObject({ state: 'completed' });
      expect(await app.get(DataSource).manager.findOneBy(Note, { id: 'first' })).toMatchObject({
        copies: 1,
      });
    });

    it('leaves nothing when the ambient transaction rolls back', async () => {
      const before = await operations();

      await expect(notes().add('second', { fails: true })).rejects.toThrow('thought better');

      expect(await operations()).toBe(before);
      expect(await app.get(DataSource).manager.existsBy(Note, { id: 'second' })).toBe(false);
    });

    it('refuses outside of a transaction', async () => {
      const before = await operations();

      await expect(notes().startAlone('third')).rejects.toMatchObject({
        code: 'TENON_NOT_IN_TRANSACTION',
      });

      expect(await operations()).toBe(before);
    });
  });
}

function typeOrm(type: Dialect['type'], url: string): DynamicModule {
  return TypeOrmModule.forRoot({ type, url, entities: [Note], synchronize: true });
}

async function boot(dialect: Dialect, url: string, dispatcher: Dispatcher) {
  const testing = await Test.createTestingModule({
    imports: [
      typeOrm(dialect.type, url),
      // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- as its documentation has it
      ClsModule.forRoot({
        plugins: [
          new ClsPluginTransactional({
            adapter: new TransactionalAdapterTypeOrm({ dataSourceToken: getDataSourceToken() }),
          }),
        ],
      }),
      TenonModule.forRootAsync({
        inject: [DataSource],
        useFactory: (dataSource: DataSource) => ({ store: dialect.store(dataSource), dispatcher }),
      }),
      NotesModule,
    ],
  }).compile();
  return testing.init();
}
