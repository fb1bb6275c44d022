import { PACKAGE_NAME } from '@tenon/core';

// The benchmarks arrive with the engine; until then this shows that `npm run bench` runs.
process.stdout.write(`${PACKAGE_NAME}: no benchmark yet\n`);
