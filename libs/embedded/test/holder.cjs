// Starts the servers named on the command line, says "ready", and ends when its input does.
const { join } = require('node:path');
const { startMariadb, startPostgres, startRedis } = require('@tenon/embedded');

const [folder, ...kinds] = process.argv.slice(2);
const starts = {
  postgres: (options) => startPostgres({ ...options, settings: { fsync: 'off' } }),
  mariadb: startMariadb,
  redis: startRedis,
};

Promise.all(kinds.map((kind) => starts[kind]({ dataDir: join(folder, kind) }))).then(
  () => process.stdout.write('ready\n'),
  (error) => process.stdout.write(`${error.code} ${error.message.replaceAll('\n', ' ')}\n`),
);
process.stdin.resume();
