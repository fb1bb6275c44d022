import { SettingError } from '../database/database-url';
import type { InstanceSettings } from '../instance/messages';
import type { Queue } from '../place/place';
import { Killer } from './killer';
import type { DemoOptions } from './options';
import { QueueProbe } from './queue-probe';
import { RedisBreaker } from './redis-breaker';
import type { Toll } from './report';
import type { Servers } from './servers';
import type { Trouble } from './trouble';

type Pace = Pick<InstanceSettings, 'sessionMs' | 'requeueMs' | 'chunkSizeMax'>;

/** As the engine has it by itself. */
const ORDINARY: Pace = { sessionMs: 10_000, requeueMs: 30_000, chunkSizeMax: 200 };
/** Where instances are killed the others shall take over soon, and no one shall hold most of the work. */
const UNDER_KILLS: Pace = { sessionMs: 2_000, requeueMs: 2_000, chunkSizeMax: 25 };
/** Many chunks to be lost, and nothing that brings them back before the loss itself is noticed. */
const UNDER_REDIS_FAULTS: Pace = { ...ORDINARY, chunkSizeMax: 10 };

/** What is to be done to the rounds, and how the instances are set for it. */
export interface TroublePlan {
  readonly trouble: Trouble | null;
  readonly pace: Pace;
  /** For the report. */
  toll(): Toll;
  close(): Promise<void>;
}

/** Plans what the options ask for. */
export function planTrouble(
  { kills, redisFaults }: DemoOptions,
  { ownRedis }: Servers,
  queue: Queue,
  say: (message: string) => void,
): TroublePlan {
  if (redisFaults > 0) {
    if (ownRedis === null || queue.kind === 'postgres') {
      throw new SettingError('--redis-faults needs a private Redis: give --redis auto.');
    }
    const probe = new QueueProbe(queue.url, queue.prefix);
    const breaker = new RedisBreaker(redisFaults, ownRedis, probe, say);
    return {
      trouble: breaker,
      pace: UNDER_REDIS_FAULTS,
      toll: () => ({
        kills: 0,
        redis: { faults: breaker.counted, tickingAgainMsMax: breaker.backMsMax },
      }),
      close: () => breaker.close(),
    };
  }
  const killer = kills > 0 ? new Killer(kills) : null;
  return {
    trouble: killer,
    pace: killer === null ? ORDINARY : UNDER_KILLS,
    toll: () => ({ kills: killer?.counted ?? 0, redis: null }),
    close: async () => undefined,
  };
}
