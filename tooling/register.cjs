// Lets Node run our TypeScript as it is: `node -r ./tooling/register.cjs bench/bench.ts`. For bench/ and for the
// processes that tests start. @tenon/* still resolves to what `npm run build` made.
const { transformSync } = require('@swc/core');
const { readFileSync } = require('node:fs');
const Module = require('node:module');
const { swcOptions } = require('./swc.cjs');

Module._extensions['.ts'] = (module, filename) => {
  const { code } = transformSync(readFileSync(filename, 'utf8'), {
    ...swcOptions,
    filename,
    sourceMaps: 'inline',
  });
  module._compile(code, filename);
};
process.setSourceMapsEnabled(true);
