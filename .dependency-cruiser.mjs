// The layers of the product as rules of the build. test/tooling/layers.test.ts plants a fault against each of them:
// change the two together.

/** Which folders of src/ a folder may import, besides itself and errors.ts. A folder that is not listed is refused. */
const LAYERS = {
  bytes: [],
  threads: [],
  signing: ['bytes'],
  age: ['bytes'],
  crypto: ['bytes'],
  schema: ['bytes'],
  collab: ['bytes', 'schema', 'signing'],
  tabular: ['bytes', 'schema'],
  encrypt: ['bytes', 'threads', 'crypto', 'schema', 'collab', 'tabular'],
  decrypt: ['bytes', 'threads', 'crypto', 'tabular'],
  // Sealed tables from one secret to the next: what was opened is never written.
  reencrypt: ['bytes', 'crypto', 'schema', 'collab', 'tabular', 'encrypt', 'decrypt'],
  custody: ['bytes', 'crypto', 'signing', 'age', 'audit'],
  audit: ['bytes', 'crypto'],
  // Not crypto: a room opens no cell and makes no fingerprint. It knows cells by their form alone (format F-27, F-34).
  room: ['bytes', 'schema', 'collab', 'tabular', 'audit'],
  // Results as packages: made by the room, opened by the receiver.
  package: ['bytes', 'collab', 'audit', 'age'],
  query: ['bytes', 'schema', 'collab', 'tabular', 'audit', 'room', 'package'],
  server: ['bytes', 'schema', 'collab', 'audit', 'query'],
};

/** Packages with a side effect of their own, and the one place that may know of each. */
const PACKAGES = [
  { name: 'terminal', pattern: '(yargs|@clack/prompts|picocolors|cli-progress)', from: '^cli/' },
  { name: 'engine', pattern: '(@duckdb/[^/]+|apache-arrow|csv-parse)', from: '^src/(tabular|query/(parse|run))/' },
  { name: 'cipher', pattern: '@noble/[^/]+', from: '^src/crypto/' },
  { name: 'lock', pattern: 'fs-native-extensions', from: '^src/audit/' },
  { name: 'age', pattern: '(age-encryption|@scure/base)', from: '^src/age/' },
  { name: 'package', pattern: 'nanotar', from: '^src/package/' },
  { name: 'cloud', pattern: '@aws-sdk/[^/]+', from: '^src/(collab/clean-rooms|custody/aws-kms)\\.ts$' },
  { name: 'token', pattern: 'pkcs11js', from: '^src/custody/pkcs11-child\\.ts$' },
];

/** The files of the pure folders that may name Node, and of it node:crypto only. */
const PLATFORM_CRYPTO = '^src/(crypto/kernels/node|signing/statement)\\.ts$';

/** @param {readonly string[]} names */
const anyOf = (names) => `(${names.join('|')})`;

const layerRules = Object.entries(LAYERS).map(([folder, below]) => ({
  name: `layer-${folder}`,
  comment: `src/${folder} may import ${below.length === 0 ? 'no other folder' : below.join(', ')}`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^(src|cli)/', pathNot: `^src/(errors\\.ts$|${anyOf([folder, ...below])}/)` },
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
      from: { path: '^src/[^/]+/', pathNot: `^src/${anyOf(Object.keys(LAYERS))}/` },
      to: {},
    },
    {
      name: 'layer-errors',
      comment: 'errors.ts is below everything',
      severity: 'error',
      from: { path: '^src/errors\\.ts$' },
      to: {},
    },
    {
      name: 'door',
      comment: 'a folder is entered by its index.ts',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: '^src/[^/]+/', pathNot: '^src/($1/|[^/]+/index\\.ts$)' },
    },
    {
      name: 'door-of-the-product',
      comment: `index.ts and the command line see the doors of the folders and nothing behind them; custody has a second one, since
        the commands on tables need little of it and what they do not need takes long to load`,
      severity: 'error',
      from: { path: '^(src/index\\.ts$|cli/)' },
      to: { path: '^src/', pathNot: '^src/(index|errors|[^/]+/index|custody/open-secret)\\.ts$' },
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
        pathNot: ['^dist/src/index\\.', '^dist/src/[^/]+/index\\.'],
      },
    },
    {
      name: 'index-of-src',
      comment: 'folders do not import the public API that is made of them',
      severity: 'error',
      from: { path: '^src/[^/]+/' },
      to: { path: '^src/index\\.ts$' },
    },
    {
      name: 'no-io',
      comment:
        'bytes, crypto, signing, schema, collab and the middle of query do no I/O; two files in them are made of node:crypto',
      severity: 'error',
      from: {
        path: '^src/(bytes|crypto|signing|schema|collab|query/(ast|resolve|check|findings|rewrite|print))/',
        pathNot: PLATFORM_CRYPTO,
      },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-io-but-crypto',
      comment: 'the node kernel and signatures need node:crypto and nothing else of Node',
      severity: 'error',
      from: { path: PLATFORM_CRYPTO },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
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
