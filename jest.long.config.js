const base = require('./jest.config.js');

/** The tests that take minutes: crashes, restarts, long random runs. */
/** @type {import('jest').Config} */
module.exports = {
  ...base,
  testMatch: ['<rootDir>/test/long/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  testTimeout: 600_000,
  passWithNoTests: true,
};
