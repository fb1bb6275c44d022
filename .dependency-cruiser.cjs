// Who may import whom, as errors. One star, no circle possible:
//
//   apps ──┬─► admin ─► engine ─────┐
//          └─► store, dispatch ─────┴─► core ──► (nothing, not even node:*)
//              store ──► migrations (which know TypeORM only)
//   testing ──► engine, core            (imported by tests and benchmarks only)
//   embedded ──► (no other library)     (imported by apps, tests and benchmarks)

const SPEC = '\\.spec\\.ts$';
const TESTS = ['^test/', '^libs/[^/]+/test/', '^apps/[^/]+/test/', '^bench/', SPEC];
const CORE_INDEX = '^libs/core/src/index\\.ts$';
const MIGRATIONS_INDEX = '^migrations/index\\.ts$';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'core-is-pure',
      comment: 'The core imports nothing: no library of ours, no npm package, no module of Node.',
      severity: 'error',
      from: { path: '^libs/core/src/', pathNot: SPEC },
      to: { pathNot: '^libs/core/src/' },
    },
    {
      name: 'know-only-core',
      comment:
        'Adapters and the engine know the ports of the core, and not each other: the application hands the adapters ' +
        'to the engine. Holds for every library to come, until a rule here says otherwise.',
      severity: 'error',
      from: { path: '^libs/([^/]+)/src/', pathNot: ['^libs/(testing|admin)/', SPEC] },
      to: { path: '^(libs|apps|test|bench)/', pathNot: [CORE_INDEX, '^libs/$1/src/'] },
    },
    {
      name: 'migrations-know-only-typeorm',
      comment: "A user adds them to their own DataSource: they carry nothing but TypeORM's types.",
      severity: 'error',
      from: { path: '^migrations/' },
      to: { pathNot: ['^migrations/', 'node_modules/typeorm/'] },
    },
    {
      name: 'migrations-belong-to-the-store',
      comment: 'Whoever needs a schema asks the store for it.',
      severity: 'error',
      from: { path: '^(libs|apps|docs|test|bench)/', pathNot: ['^libs/store/'] },
      to: { path: '^migrations/' },
    },
    {
      name: 'migrations-index-only',
      severity: 'error',
      from: { pathNot: '^migrations/' },
      to: { path: '^migrations/', pathNot: MIGRATIONS_INDEX },
    },
    {
      name: 'engine-names-no-adapter',
      comment: 'SQL belongs to libs/store, queues to libs/dispatch.',
      severity: 'error',
      from: { path: '^libs/engine/src/', pathNot: SPEC },
      to: { path: 'node_modules/(typeorm|pg|mysql2|bullmq|ioredis)/' },
    },
    {
      name: 'features-know-core-and-engine',
      comment: 'What is built upon the engine knows it, the core, and no adapter.',
      severity: 'error',
      from: { path: '^libs/admin/src/', pathNot: SPEC },
      to: {
        path: '^(libs|apps|test|bench)/',
        pathNot: ['^libs/(core|engine)/src/index\\.ts$', '^libs/admin/src/'],
      },
    },
    {
      name: 'testing-knows-core-and-engine',
      comment: 'It helps with both, and with no adapter: those are handed in by the test.',
      severity: 'error',
      from: { path: '^libs/testing/src/', pathNot: SPEC },
      to: {
        path: '^(libs|apps|test|bench)/',
        pathNot: ['^libs/(core|engine)/src/index\\.ts$', '^libs/testing/src/'],
      },
    },
    {
      name: 'testing-stays-in-tests',
      comment:
        'What helps a test (memory store, virtual clock, fault controls) never reaches production code.',
      severity: 'error',
      from: { path: '^(libs|apps|docs)/', pathNot: [...TESTS, '^libs/testing/'] },
      to: { path: '^libs/testing/' },
    },
    {
      name: 'embedded-stands-alone',
      comment: 'Private servers know nothing of what runs on them, not even the core.',
      severity: 'error',
      from: { path: '^libs/embedded/src/', pathNot: SPEC },
      to: { path: '^(libs|apps|test|bench)/', pathNot: '^libs/embedded/src/' },
    },
    {
      name: 'index-only',
      comment: "What a library's index does not export is free to change: no import goes past it.",
      severity: 'error',
      from: { path: '^libs/([^/]+)/' },
      to: { path: '^libs/', pathNot: ['^libs/[^/]+/src/index\\.ts$', '^libs/$1/'] },
    },
    {
      name: 'index-only-outside-libs',
      comment: 'The same for applications, the guide, tests and benchmarks.',
      severity: 'error',
      from: { path: '^(apps|docs|test|bench)/' },
      to: { path: '^libs/', pathNot: '^libs/[^/]+/src/index\\.ts$' },
    },
    {
      name: 'by-package-name',
      comment:
        "Another library is '@tenon/name'; a relative path to it would break once it is published.",
      severity: 'error',
      from: { path: '^libs/([^/]+)/' },
      to: { path: '^libs/', pathNot: '^libs/$1/', dependencyTypesNot: ['aliased'] },
    },
    {
      name: 'by-package-name-outside-libs',
      comment: 'The same for applications, the guide, tests and benchmarks.',
      severity: 'error',
      from: { path: '^(apps|docs|test|bench)/' },
      to: { path: '^libs/', dependencyTypesNot: ['aliased'] },
    },
    {
      name: 'nobody-imports-apps',
      comment: 'Applications wire the libraries and are wired by nobody.',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^apps/' },
    },
    {
      name: 'nest-only-at-the-edge',
      comment: 'Storage, dispatch and the core are usable without Nest.',
      severity: 'error',
      from: { path: '^libs/', pathNot: ['^libs/(engine|admin)/', ...TESTS] },
      to: { path: 'node_modules/@nestjs/' },
    },
    {
      name: 'declared',
      comment: "A package's own package.json names what its sources import, types included.",
      severity: 'error',
      from: { path: '^((libs|apps)/[^/]+/src|migrations)/', pathNot: SPEC },
      to: {
        dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'],
        // An optional peer is reported as 'npm-no-pkg' as well.
        dependencyTypesNot: ['aliased', 'npm-peer'],
      },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    // Imports of types count: a layer that names a type of another depends on it.
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    // Our own dist only. A plain 'dist/' would also hide node_modules/*/dist, and with it most npm imports.
    exclude: { path: '^((libs|apps)/[^/]+|migrations)/dist/|^dist/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      mainFields: ['main', 'types'],
    },
  },
};
