import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const SPECS = [
  '**/*.spec.ts',
  '**/*.conformance.ts',
  'libs/*/test/**',
  'apps/*/test/**',
  'test/**',
  'bench/**',
];

const clocksAndChance = [
  {
    selector: "NewExpression[callee.name='Date'][arguments.length=0]",
    message: 'Time comes in as an argument (`dbNow`); clocks live in adapters.',
  },
  {
    selector: "CallExpression[callee.name='Date']",
    message: 'Time comes in as an argument (`dbNow`); clocks live in adapters.',
  },
  {
    selector: "MemberExpression[object.name='Date'][property.name='now']",
    message: 'Time comes in as an argument (`dbNow`); clocks live in adapters.',
  },
  {
    selector: "MemberExpression[object.name='Math'][property.name='random']",
    message: 'Chance comes in as an argument (`random`); its source lives in an adapter.',
  },
];

const noAwait = ['AwaitExpression', 'ForOfStatement[await=true]'].map((selector) => ({
  selector,
  message: 'The core decides and never waits: return the plan, and let the engine carry it out.',
}));

const timers = ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'performance'];

export default defineConfig(
  { ignores: ['**/dist/', '**/coverage/', '**/.tenon/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // A promise that nobody waits for is the costliest bug of this kind of program.
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { requireDefaultForNonUnion: true, considerDefaultExhaustiveForUnions: false },
      ],
      // Leaves files with decorators alone by itself: emitDecoratorMetadata needs there, at run time, the classes
      // that Nest injects by the type of a constructor's parameter, and an `import type` would erase them.
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: true }],
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      // Named exports are found by searching for the name.
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true } }],
      eqeqeq: 'error',

      // A Nest module is a class with a decorator and nothing in it.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      // Numbers and booleans read well in messages; objects and undefined do not, and stay forbidden.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // `onClick={() => stop()}`: the arrow that returns void from a void call is the usual way to write it.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // Off: an implementation of an asynchronous port may have nothing to wait for, and `async` makes its throw
      // a rejection, as the port promises.
      '@typescript-eslint/require-await': 'off',
      // Off: `interface` and `type` differ in what they can say; forcing one hides which was meant.
      '@typescript-eslint/consistent-type-definitions': 'off',
      // `while (true)` with a return inside is the honest shape of a loop that polls.
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
    },
  },
  {
    files: ['libs/core/src/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: {
      'no-restricted-syntax': ['error', ...clocksAndChance, ...noAwait],
      'no-restricted-globals': [
        'error',
        ...timers,
        ...['process', 'crypto', 'fetch', 'console', 'globalThis', 'global'],
      ],
    },
  },
  {
    files: ['libs/engine/src/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: { 'no-restricted-syntax': ['error', ...clocksAndChance] },
  },
  {
    // Whatever else the engine has waits on the clock port, so that a test can turn the clock.
    files: ['libs/engine/src/**/*.ts'],
    ignores: ['**/*.spec.ts', 'libs/engine/src/clock/**'],
    rules: {
      'no-restricted-globals': ['error', ...timers],
      'no-restricted-imports': [
        'error',
        {
          paths: [
            'timers',
            'node:timers',
            'timers/promises',
            'node:timers/promises',
            'perf_hooks',
            'node:perf_hooks',
          ],
        },
      ],
    },
  },
  {
    files: SPECS,
    rules: {
      // Off: `expect(port.method)` passes a method without calling it.
      '@typescript-eslint/unbound-method': 'off',
      // Off: a test that meets the unexpected null fails there, which is what it is for.
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  {
    // Jest asks for default exports.
    files: ['test/servers/global-*.ts'],
    rules: { 'no-restricted-exports': 'off' },
  },
  {
    files: ['**/*.{js,cjs}'],
    languageOptions: {
      sourceType: 'commonjs',
      globals: {
        require: 'readonly',
        module: 'writable',
        process: 'readonly',
        __dirname: 'readonly',
      },
    },
  },
  {
    files: ['**/*.mjs'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } },
  },
);
