import { UsageError } from '@tenon/core';

const VERSION_MIN = [6, 2] as const;

/**
 * Judges what `INFO` answered: throws for a Redis that is too old, answers a warning for one that may throw jobs away,
 * and null for one that is as it should be.
 */
export function judgeRedis(info: string): string | null {
  const version = field(info, 'redis_version');
  if (version !== null && isOlder(version)) {
    throw new UsageError(
      'TENON_USAGE',
      `Redis ${version} is too old for the queue: it needs ${VERSION_MIN.join('.')} or newer. ` +
        'Upgrade it, or keep the queue in PostgreSQL: bullmqDispatcher({ postgres: { url } }).',
    );
  }
  const policy = field(info, 'maxmemory_policy');
  if (policy === null || policy === 'noeviction') return null;
  return (
    `Redis may throw queued chunks and the scheduler away when its memory is full: its maxmemory-policy is ${policy}. ` +
    'Nothing is lost by that, but it costs time. Set it to noeviction.'
  );
}

function field(info: string, name: string): string | null {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? null;
}

function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < VERSION_MIN[0] || (major === VERSION_MIN[0] && minor < VERSION_MIN[1]);
}
