const { swcOptions } = require('./tooling/swc.cjs');

// Packages that are ES modules only. Jest on Node 20 cannot require() those, so they are compiled like our own
// sources. A new dependency that fails with "Must use import to load ES Module" belongs in this list.
const esmOnly = [
  '@nestjs',
  '@borewit',
  '@tokenizer',
  'file-type',
  'inflate',
  'load-esm',
  'strtok3',
  'token-types',
  'uint8array-extras',
  'uuid',
];

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  testMatch: [
    '<rootDir>/libs/*/src/**/*.spec.ts',
    '<rootDir>/libs/*/test/**/*.spec.ts',
    '<rootDir>/apps/*/src/**/*.spec.ts',
    '<rootDir>/apps/*/test/**/*.spec.ts',
    '<rootDir>/test/**/*.spec.ts',
  ],
  // Minutes, not seconds: `npm run test:long`.
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '<rootDir>/test/long/'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  moduleNameMapper: {
    '^@tenon/migrations$': '<rootDir>/migrations/index.ts',
    '^@tenon/([a-z-]+)$': '<rootDir>/libs/$1/src/index.ts',
  },
  transform: { '^.+\\.(t|j|mj)s$': ['@swc/jest', swcOptions] },
  transformIgnorePatterns: [`/node_modules/(?!(${esmOnly.join('|')})/)`],
  globalSetup: '<rootDir>/test/servers/global-setup.ts',
  globalTeardown: '<rootDir>/test/servers/global-teardown.ts',
  reporters: ['default', '<rootDir>/test/reporter.cjs'],
  testTimeout: 60_000,
  maxWorkers: 2,
};
