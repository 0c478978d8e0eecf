// The layers of the product as rules of the build. test/tooling/layers.test.ts plants a fault against each of them:
// change the two together.

/** Which folders of src/ a folder may import, besides itself and errors. A folder that is not listed is refused. */
export const LAYERS = {
  errors: [],
  aws: [],
  bytes: [],
  // The cryptography that a runtime has of its own: Node's, or that of browsers.
  platform: ['bytes'],
  columns: ['bytes', 'platform'],
  workers: [],
  files: ['bytes'],
  signing: ['bytes', 'platform'],
  age: ['bytes'],
  tlog: ['bytes', 'platform'],
  // Certificates for servers in closed networks.
  certificates: [],
  crypto: ['bytes', 'platform'],
  engine: ['bytes', 'columns'],
  // What a schema does to values before they are protected.
  normalise: ['bytes', 'columns'],
  schema: ['bytes', 'normalise'],
  // Facts about values, and proposals: counts and shares, never values.
  suggest: ['bytes', 'normalise', 'schema'],
  // Defaults for the commands in a folder. It reads one file, and knows no option by more than its name.
  project: [],
  collab: ['bytes', 'platform', 'columns', 'normalise', 'schema', 'signing', 'aws'],
  tabular: ['bytes', 'columns', 'files', 'engine', 'schema'],
  // Not crypto either: a room checks signed tables. SHA-256 is all that it takes.
  'signed-tables': ['bytes', 'platform', 'columns', 'files', 'signing', 'tlog', 'tabular'],
  // Sealed tables from one secret to the next: what was opened is never written.
  protect: [
    'bytes',
    'platform',
    'columns',
    'workers',
    'files',
    'engine',
    'crypto',
    'normalise',
    'schema',
    'suggest',
    'collab',
    'tabular',
    'signed-tables',
  ],
  audit: ['bytes', 'platform', 'files', 'tlog'],
  custody: ['bytes', 'platform', 'files', 'crypto', 'signing', 'age', 'tlog', 'audit', 'aws'],
  // Results as packages: made by the room, opened by the receiver.
  package: ['bytes', 'platform', 'collab', 'tlog', 'age'],
  // AWS Clean Rooms itself.
  'clean-rooms': ['aws', 'schema', 'collab'],
  // The engine for its parser only.
  query: ['engine', 'schema', 'collab'],
  // Not crypto: a room opens no cell and makes no fingerprint. It knows cells by their form alone (format F-27, F-34).
  room: [
    'bytes',
    'platform',
    'columns',
    'files',
    'engine',
    'schema',
    'collab',
    'tabular',
    'signed-tables',
    'tlog',
    'audit',
    'package',
    'query',
  ],
  // What a room over the network and its members both know: who asks, and what is said.
  wire: ['bytes', 'platform', 'schema', 'signing', 'collab', 'audit', 'query'],
  // The member's side: it asks a room over the network.
  client: ['bytes', 'platform', 'wire'],
  // The room's side of it. As room: it can open no cell.
  server: [
    'bytes',
    'platform',
    'files',
    'schema',
    'signing',
    'age',
    'collab',
    'tabular',
    'tlog',
    'audit',
    'package',
    'query',
    'room',
    'wire',
    'actions/operator',
  ],
  'actions/member': [
    'bytes',
    'platform',
    'columns',
    'files',
    'signing',
    'age',
    'tlog',
    'crypto',
    'normalise',
    'schema',
    'suggest',
    'project',
    'collab',
    'tabular',
    'signed-tables',
    'protect',
    'audit',
    'custody',
    'package',
    'clean-rooms',
    // A room over the network, which they reach as any member does.
    'wire',
    'client',
  ],
  // As room, and for the same reason: whoever runs a room can open no cell, and has no key to.
  'actions/operator': ['files', 'certificates', 'collab', 'tabular', 'audit', 'package', 'query', 'room'],
};

/** Where a folder is entered: by its index.ts. A member's actions have three parts, of which that with tables loads fastest. */
const DOORS = '(actions/(member|operator)/index|actions/member/(tables|network)|[^/]+/index)';

/**
 * Second doors, between parts that are often needed and parts that take long to load: envelopes, a YAML parser, and the engine,
 * which only threads and readers need. Those of audit and query are pure.
 */
const SECOND_DOORS = '(custody/load-secret|(audit|collab|query)/light|engine/native)';

/** Packages with a side effect of their own, and the one place that may know of each. */
const PACKAGES = [
  { name: 'terminal', pattern: '(yargs|@clack/prompts|picocolors|cli-progress)', from: '^cli/' },
  { name: 'passphrases', pattern: '(@zxcvbn-ts/[^/]+|@scure/bip39)', from: '^cli/prompts/' },
  {
    name: 'engine',
    pattern: '@duckdb/[^/]+',
    from: '^src/engine/',
  },
  { name: 'tables', pattern: '(apache-arrow|flatbuffers|fzstd)', from: '^src/tabular/' },
  { name: 'cipher', pattern: '@noble/[^/]+', from: '^src/(crypto|platform)/' },
  { name: 'lock', pattern: 'fs-native-extensions', from: '^src/files/' },
  { name: 'age', pattern: '(age-encryption|@scure/base)', from: '^src/age/' },
  { name: 'package', pattern: 'nanotar', from: '^src/package/' },
  { name: 'signatures', pattern: 'structured-headers', from: '^src/wire/' },
  { name: 'server', pattern: '(hono|@hono/node-server)', from: '^src/server/' },
  { name: 'phones', pattern: 'libphonenumber-js', from: '^src/normalise/' },
  {
    name: 'cloud',
    pattern: '@aws-sdk/[^/]+',
    from: '^src/(collab/clean-rooms|clean-rooms/(connection|protected-query|results)|custody/providers/aws-kms/aws-kms)\\.ts$',
  },
  { name: 'token', pattern: 'pkcs11js', from: '^src/custody/providers/pkcs11/child\\.ts$' },
];

/**
 * Folders and files of src/, without `.ts`, that do no I/O and name nothing of Node: they run in a browser as well. The linter reads
 * this list too.
 */
export const PURE = [
  ...[
    'errors',
    'bytes',
    'platform',
    'columns',
    'crypto',
    'signing',
    'age',
    'tlog',
    'normalise',
    'schema',
    'suggest',
    'aws',
    'collab',
    'package',
    'wire',
  ],
  ...[
    'light',
    'verify-export',
    'verify-records',
    'line',
    'chain',
    'history',
    'budget',
    'audit-record',
    'key-event',
    'query-text',
  ].map((name) => `audit/${name}`),
  ...['card', 'request', 'signed-text', 'validity', 'short-authentication-string'].map(
    (name) => `custody/exchange/${name}`,
  ),
  ...['serialise', 'line-encoder', 'quoting'].map((name) => `tabular/csv/${name}`),
  'custody/envelope',
  'public/browser',
  ...['encrypt', 'decrypt', 'reencrypt'].map((name) => `protect/${name}/core`),
  ...['ast', 'resolve', 'check', 'findings', 'rewrite', 'print', 'check-query', 'light'].map((name) => `query/${name}`),
];

/** The one file among them that is made of Node, and of its cryptography only. */
export const NODE_PLATFORM = 'src/platform/node.ts';

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
      comment: 'a folder is entered by its index.ts, or by its second door; the two of actions are folders apart',
      severity: 'error',
      from: { path: '^src/(actions/[^/]+|[^/]+)/', pathNot: '^src/(public|protect/machine/assembly)/' },
      to: { path: '^src/[^/]+/', pathNot: `^src/($1/|(${DOORS}|${SECOND_DOORS})\\.ts$)` },
    },
    {
      name: 'assembly',
      comment: 'sources of a WebAssembly module are compiled with those of other modules, and with nothing else',
      severity: 'error',
      from: { path: '^src/.+/assembly/' },
      to: { path: '^(src|cli)/', pathNot: '^src/.+/assembly/' },
    },
    {
      name: 'door-of-the-product',
      comment: 'index.ts, the public doors and the command line see the doors of the folders and nothing behind them',
      severity: 'error',
      from: { path: '^(src/(index\\.ts$|public/)|cli/)', pathNot: '^src/public/browser\\.ts$' },
      to: { path: '^src/', pathNot: `^src/(index|${DOORS}|${SECOND_DOORS})\\.ts$` },
    },
    {
      name: 'commands-through-actions',
      comment: 'a command is flags, one call and printing: what protects, opens and signs is behind src/actions',
      severity: 'error',
      from: { path: '^cli/' },
      to: { path: '^src/((protect|age|signing|tlog|engine|workers)/|custody/load-secret\\.ts$)' },
    },
    {
      name: 'door-of-the-browser',
      comment: `the door for browsers takes what it has from pure files, since the doors of their folders lead to files and engines too`,
      severity: 'error',
      from: { path: '^src/public/browser\\.ts$' },
      to: { path: '^src/', pathNot: `^src/${anyOf(PURE)}(/|\\.ts$)` },
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
      comment: 'samples and notebooks import the public API by the name of the package, as users do',
      severity: 'error',
      from: { path: '^(samples|notebooks)/' },
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
      comment: 'these folders and files do no I/O: what they need of Node comes through platform',
      severity: 'error',
      from: { path: `^src/${anyOf(PURE)}(/|\\.ts$)`, pathNot: `^${NODE_PLATFORM}$` },
      to: { dependencyTypes: ['core'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'core',
      comment:
        'the cores of protect know columns and no tables: no files, engines, formats or threads, and not who runs them',
      severity: 'error',
      from: { path: '^src/protect/[^/]+/core/' },
      to: {
        path: '^src/(files|engine|workers|tabular|protect)/',
        pathNot: '^src/protect/[^/]+/core/',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'no-io-but-crypto',
      comment: 'what Node has of cryptography, and how it finds and loads native code; nothing else of Node',
      severity: 'error',
      from: { path: `^${NODE_PLATFORM}$` },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|buffer|module|fs|path|url)$' },
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
        'an import that resolves to nothing; pkcs11js and the client of S3 are optional peers, which their users install',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^(pkcs11js|@aws-sdk/client-s3)$' },
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
    tsConfig: { fileName: 'tsconfig.build.json' },
    doNotFollow: { path: '(^|/)node_modules/|^dist/' },
    exclude: { path: '^test/vectors/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'default'],
      extensions: ['.ts', '.js', '.mjs', '.json', '.d.ts'],
    },
  },
};
