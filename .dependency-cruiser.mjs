// The layers of the product as rules of the build. test/tooling/layers.test.ts plants a fault against each of them:
// change the two together.

/** Which folders of src/ a folder may import, besides itself and errors. A folder that is not listed is refused. */
export const LAYERS = {
  errors: [],
  aws: [],
  bytes: [],
  columns: ['bytes'],
  workers: [],
  files: ['bytes'],
  signing: ['bytes'],
  age: ['bytes'],
  tlog: ['bytes'],
  crypto: ['bytes'],
  engine: ['bytes', 'columns'],
  schema: ['bytes'],
  collab: ['bytes', 'schema', 'signing', 'aws'],
  tabular: ['bytes', 'columns', 'files', 'engine', 'schema'],
  // Sealed tables from one secret to the next: what was opened is never written.
  protect: ['bytes', 'columns', 'workers', 'files', 'engine', 'crypto', 'schema', 'collab', 'tabular'],
  audit: ['bytes', 'files', 'tlog'],
  custody: ['bytes', 'files', 'crypto', 'signing', 'age', 'tlog', 'audit', 'aws'],
  // Results as packages: made by the room, opened by the receiver.
  package: ['bytes', 'collab', 'tlog', 'age'],
  // The engine for its parser only.
  query: ['engine', 'schema', 'collab'],
  // Not crypto: a room opens no cell and makes no fingerprint. It knows cells by their form alone (format F-27, F-34).
  room: ['bytes', 'columns', 'files', 'engine', 'schema', 'collab', 'tabular', 'tlog', 'audit', 'package', 'query'],
  'actions/member': [
    'bytes',
    'columns',
    'files',
    'signing',
    'age',
    'tlog',
    'crypto',
    'schema',
    'collab',
    'tabular',
    'protect',
    'audit',
    'custody',
    'package',
  ],
  // As room, and for the same reason: whoever runs a room can open no cell, and has no key to.
  'actions/operator': ['files', 'collab', 'audit', 'package', 'query', 'room'],
};

/** Where a folder is entered: by its index.ts. A member's actions have two halves, the one with tables loads faster. */
const DOORS = '(actions/(member|operator)/index|actions/member/tables|[^/]+/index)';

/** A second door of custody: actions on tables need little of it, and what they do not need takes long to load. */
const LIGHT_CUSTODY = 'custody/load-secret';

/** Packages with a side effect of their own, and the one place that may know of each. */
const PACKAGES = [
  { name: 'terminal', pattern: '(yargs|@clack/prompts|picocolors|cli-progress)', from: '^cli/' },
  {
    name: 'engine',
    pattern: '(@duckdb/[^/]+|apache-arrow|csv-parse)',
    from: '^src/(engine|tabular|query/parse|room/run)/',
  },
  { name: 'cipher', pattern: '@noble/[^/]+', from: '^src/crypto/' },
  { name: 'lock', pattern: 'fs-native-extensions', from: '^src/files/' },
  { name: 'age', pattern: '(age-encryption|@scure/base)', from: '^src/age/' },
  { name: 'package', pattern: 'nanotar', from: '^src/package/' },
  {
    name: 'cloud',
    pattern: '@aws-sdk/[^/]+',
    from: '^src/(collab/clean-rooms|custody/providers/aws-kms/aws-kms)\\.ts$',
  },
  { name: 'token', pattern: 'pkcs11js', from: '^src/custody/providers/pkcs11/child\\.ts$' },
];

/** The files of the pure folders that may name Node, and of it node:crypto only. */
const PLATFORM_CRYPTO =
  '^src/(columns/text-column|crypto/kernels/node|signing/statement|tlog/(merkle|signer-keys))\\.ts$';

/** @param {readonly string[]} names */
const anyOf = (names) => `(${names.join('|')})`;

const layerRules = Object.entries(LAYERS).map(([folder, below]) => ({
  name: `layer-${folder.replace('/', '-')}`,
  comment: `src/${folder} may import ${below.length === 0 ? 'no other folder' : below.join(', ')}`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^(src|cli)/', pathNot: `^src/${anyOf(['errors', folder, ...below])}/` },
}));

const packageRules = PACKAGES.map(({ name, pattern, from }) => ({
  name: `package-${name}`,
  comment: `only ${from} may import these packages`,
  severity: 'error',
  from: { path: '^(src|cli)/', pathNot: from },
  // An optional package is not installed here, and known by its name.
  to: { path: `(^|/)node_modules/(@types/)?${pattern}/|^${pattern}$` },
}));

export default {
  forbidden: [
    ...layerRules,
    ...packageRules,
    {
      name: 'layer-unknown',
      comment: 'a new folder of src/ states in .dependency-cruiser.mjs what it may import',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: `^src/${anyOf(['public', ...Object.keys(LAYERS)])}/` },
      to: {},
    },
    {
      name: 'door',
      comment: 'a folder is entered by its index.ts; the two of actions are folders apart',
      severity: 'error',
      from: { path: '^src/(actions/[^/]+|[^/]+)/' },
      to: { path: '^src/[^/]+/', pathNot: `^src/($1/|(${DOORS}|${LIGHT_CUSTODY})\\.ts$)` },
    },
    {
      name: 'door-of-the-product',
      comment: 'index.ts, the public doors and the command line see the doors of the folders and nothing behind them',
      severity: 'error',
      from: { path: '^(src/(index\\.ts$|public/)|cli/)' },
      to: { path: '^src/', pathNot: `^src/(index|${DOORS})\\.ts$` },
    },
    {
      name: 'commands-through-actions',
      comment: 'a command is flags, one call and printing: what protects, opens and signs is behind src/actions',
      severity: 'error',
      from: { path: '^cli/' },
      to: { path: '^src/(protect|age|signing|tlog|engine|workers)/' },
    },
    {
      name: 'upward',
      comment: 'what is shipped knows nothing of who uses it, nor of its tests',
      severity: 'error',
      from: { path: '^(src|cli)/' },
      to: { path: '^(cli|test|bench|samples|scripts|dist)/', pathNot: '^$1/' },
    },
    {
      name: 'samples-as-users',
      comment: 'samples import the public API by the name of the package, as users do',
      severity: 'error',
      from: { path: '^samples/' },
      to: {
        path: '^(src|cli|test|bench|scripts|dist)/',
        pathNot: '^dist/src/(index|public/[^/]+)\\.',
      },
    },
    {
      name: 'index-of-src',
      comment: 'nothing in the product imports the public API that is made of it',
      severity: 'error',
      from: { path: '^(src|cli)/' },
      to: { path: '^src/(index\\.ts$|public/)' },
    },
    {
      name: 'no-io',
      comment: 'these folders and the middle of query do no I/O; a few files in them are made of node:crypto',
      severity: 'error',
      from: {
        path: '^src/(errors|aws|bytes|columns|crypto|signing|tlog|schema|collab|query/(ast|resolve|check|findings|rewrite|print|[^/]+\\.ts$))/?',
        pathNot: PLATFORM_CRYPTO,
      },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-io-but-crypto',
      comment: 'the node kernel and signatures need node:crypto and nothing else of Node',
      severity: 'error',
      from: { path: PLATFORM_CRYPTO },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|buffer)$' },
    },
    {
      name: 'no-circular',
      comment: 'no cycles, type imports included',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'not-to-unresolvable',
      comment:
        'an import that resolves to nothing; pkcs11js is an optional peer, which is compiled where it is installed',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^pkcs11js$' },
    },
    {
      name: 'not-to-dev-dependency',
      comment: 'what is shipped may need only what is installed with it',
      severity: 'error',
      from: { path: '^(src|cli)/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: '(^|/)node_modules/|^dist/' },
    exclude: { path: '^test/vectors/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'default'],
      extensions: ['.ts', '.js', '.mjs', '.json', '.d.ts'],
    },
  },
};
