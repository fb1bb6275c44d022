import { judgeRedis } from './redis-health';

// Goal: a Redis that cannot serve the queue is refused with the cure, one that may lose jobs is warned of.
// Method: answers to INFO as servers give them.
describe('judgeRedis', () => {
  const info = (version: string, policy: string): string =>
    `# Server\r\nredis_version:${version}\r\nredis_mode:standalone\r\n# Memory\r\nmaxmemory_policy:${policy}\r\n`;

  it.each(['6.2.0', '7.0.15', '8.2.1', '10.0'])('takes %s', (version) => {
    expect(judgeRedis(info(version, 'noeviction'))).toBeNull();
  });

  it.each(['2.8.19', '5.0.14', '6.0.20', '6.1.240'])('refuses %s', (version) => {
    expect(() => judgeRedis(info(version, 'noeviction'))).toThrow(
      `Redis ${version} is too old for the queue: it needs 6.2 or newer. Upgrade it`,
    );
  });

  it('warns of eviction, and takes a server that does not tell', () => {
    expect(judgeRedis(info('7.0.15', 'allkeys-lru'))).toMatch(/allkeys-lru.*Set it to noeviction/);
    expect(judgeRedis('redis_version:7.0.15\n')).toBeNull();
    expect(judgeRedis('')).toBeNull();
  });
});
