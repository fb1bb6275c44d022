import {
  newMarker,
  type FencedCall,
  type HeldSaga,
  type Phase,
  type Store,
  type Transition,
} from '@tenon/core';
import { mysqlStore } from '@tenon/store';
import type { DataSource } from 'typeorm';
import { testDatabase } from '../../../../test/servers';
import { connectApplication } from './open-mysql';

export const TYPES = [{ type: 'transfer', version: 1 }];

/** A store on a database of its own, with a session that runs transfers. */
export interface Scene {
  readonly dataSource: DataSource;
  readonly store: Store;
  readonly sessionId: string;
}

/** One scene for all tests of a file. */
export function useScene(): () => Scene {
  let scene: Scene | undefined;
  let close = async (): Promise<void> => undefined;
  beforeAll(async () => {
    const database = await testDatabase('mariadb');
    const dataSource = await connectApplication(database.url);
    const store = mysqlStore({ dataSource });
    await store.open();
    const sessionId = await store.openSession({
      worker: 'w',
      sessionMs: 3_600_000,
      roles: ['worker'],
      versions: { transfer: [1] },
    });
    scene = { dataSource, store, sessionId };
    close = async () => {
      await store.close();
      await dataSource.destroy();
      await database.drop();
    };
  });
  afterAll(() => close());
  return () => {
    if (scene === undefined) throw new Error('the scene is only there while a test runs');
    return scene;
  };
}

/** Appends `count` transfers and takes them in. */
export async function holdSagas(
  { dataSource, store, sessionId }: Scene,
  count: number,
): Promise<readonly HeldSaga[]> {
  const markers = Array.from({ length: count }, () => newMarker({ type: 'transfer', payload: {} }));
  await dataSource.transaction((tx) => store.appendMarkers(tx, markers));
  const request = { limit: count, inlineMax: count, sessionId, types: TYPES, requeueMs: 60_000 };
  return (await store.takeIn(request)).held;
}

export function callOf(
  { sessionId }: Scene,
  saga: HeldSaga,
  step: string,
  phase: Phase = 'action',
): FencedCall {
  return { sagaId: saga.id, fence: saga.fence, sessionId, step, phase, timeoutMs: 30_000 };
}

export function rowOf(seq: number): Transition {
  return {
    ...{ seq, step: 's', phase: 'action', attempt: 1, from: 'running', to: 'running' },
    ...{ outcome: 'succeeded', errorCode: null, reason: null, result: null, durationMs: 1 },
  } as const;
}
