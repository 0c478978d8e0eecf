import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import config from '../../.dependency-cruiser.mjs';
import { plantTree, ROOT, runTool } from './run-tool.ts';

/** A file for each place that the faults below import. */
const TREE = {
  'package.json': JSON.stringify({
    type: 'module',
    dependencies: { yargs: '*', '@duckdb/node-api': '*', 'apache-arrow': '*', '@noble/hashes': '*' },
  }),
  'tsconfig.build.json': JSON.stringify({ compilerOptions: { module: 'NodeNext', allowImportingTsExtensions: true } }),
  'src/errors/index.ts': 'export const code = 1;',
  'src/index.ts': "export { unseal } from './protect/index.ts';",
  'src/public/crypto.ts': "export { seal } from '../crypto/index.ts';",
  'src/bytes/index.ts': "export { read } from './reader.ts';",
  'src/bytes/reader.ts': "import { code } from '../errors/index.ts';\nexport const read = code;",
  'src/crypto/index.ts': "export { seal } from './seal.ts';",
  'src/crypto/seal.ts':
    "import { read } from '../bytes/index.ts';\nimport '@noble/hashes/hmac.js';\nexport const seal = read;",
  'src/crypto/kernels/node.ts': "import type { Hmac } from 'node:crypto';\nexport type NodeHmac = Hmac;",
  'src/platform/index.ts': "export { hmac } from './node.ts';",
  'src/platform/node.ts': "import { createHmac } from 'node:crypto';\nexport const hmac = createHmac;",
  'src/schema/index.ts': 'export const schema = 1;',
  'src/custody/index.ts': 'export const secret = 1;',
  'src/custody/load-secret.ts': 'export const held = 1;',
  'src/room/index.ts': 'export const room = 1;',
  'src/actions/member/index.ts': "export { keys } from './keys.ts';",
  'src/actions/member/keys.ts': "import { secret } from '../../custody/index.ts';\nexport const keys = secret;",
  'src/actions/member/tables.ts': "import { held } from '../../custody/load-secret.ts';\nexport const tables = held;",
  'src/actions/operator/index.ts': "export { answer } from './run-query.ts';",
  'src/actions/operator/run-query.ts': "import { room } from '../../room/index.ts';\nexport const answer = room;",
  'src/tabular/index.ts': "import 'apache-arrow';\nimport { readFile } from 'node:fs';\nexport const table = readFile;",
  'src/engine/index.ts': "export { quoteText } from './sql.ts';",
  'src/engine/native.ts': "import '@duckdb/node-api';\nexport const native = 1;",
  'src/engine/sql.ts': 'export const quoteText = 1;',
  'src/query/parser.ts': "import { native } from '../engine/native.ts';\nexport const parse = native;",
  'src/protect/index.ts': "export { unseal } from './decrypt/decrypt-table.ts';",
  'src/protect/decrypt/decrypt-table.ts': "import { seal } from '../../crypto/index.ts';\nexport const unseal = seal;",
  'src/crypto/kernels/wasm/assembly/aes.ts': 'export const aes = 1;',
  'src/protect/machine/assembly/index.ts': "export { aes } from '../../../crypto/kernels/wasm/assembly/aes.ts';",
  'cli/main.ts':
    "import { schema } from '../src/schema/index.ts';\nimport { seal } from '../src/crypto/index.ts';\nimport 'yargs';\nexport const main = [schema, seal];",
  'cli/query.ts':
    "import { answer } from '../src/actions/operator/index.ts';\nimport { tables } from '../src/actions/member/tables.ts';\nimport { keys } from '../src/actions/member/index.ts';\nexport const query = [answer, tables, keys];",
  'cli/terminal.ts': 'export const terminal = 1;',
  'samples/insurers/demo.ts': "import { main } from './model.ts';\nexport const demo = main;",
  'samples/insurers/model.ts': 'export const main = 1;',
  'test/support.ts': 'export const support = 1;',
};

/** Rule, file in which the fault is planted, and what that file imports against the rule. */
const FAULTS = [
  ['layer-bytes', 'src/bytes/fault.ts', '../crypto/index.ts'],
  ['layer-platform', 'src/platform/fault.ts', '../crypto/index.ts'],
  ['layer-columns', 'src/columns/fault.ts', '../crypto/index.ts'],
  ['layer-workers', 'src/workers/fault.ts', '../bytes/index.ts'],
  ['layer-files', 'src/files/fault.ts', '../tabular/index.ts'],
  ['layer-engine', 'src/engine/fault.ts', '../tabular/index.ts'],
  ['layer-tlog', 'src/tlog/fault.ts', '../crypto/index.ts'],
  ['layer-certificates', 'src/certificates/fault.ts', '../crypto/index.ts'],
  ['layer-signing', 'src/signing/fault.ts', '../crypto/index.ts'],
  ['layer-age', 'src/age/fault.ts', '../crypto/index.ts'],
  ['layer-crypto', 'src/crypto/fault.ts', '../schema/index.ts'],
  ['layer-normalise', 'src/normalise/fault.ts', '../crypto/index.ts'],
  ['layer-schema', 'src/schema/fault.ts', '../crypto/index.ts'],
  ['layer-project', 'src/project/fault.ts', '../schema/index.ts'],
  ['layer-suggest', 'src/suggest/fault.ts', '../crypto/index.ts'],
  ['layer-collab', 'src/collab/fault.ts', '../crypto/index.ts'],
  ['layer-tabular', 'src/tabular/fault.ts', '../crypto/index.ts'],
  ['layer-signed-tables', 'src/signed-tables/fault.ts', '../crypto/index.ts'],
  ['layer-protect', 'src/protect/decrypt/fault.ts', '../../custody/index.ts'],
  ['layer-protect', 'src/protect/encrypt/fault-type.ts', '../../custody/index.ts'],
  ['assembly', 'src/protect/machine/assembly/fault.ts', '../../../crypto/index.ts'],
  ['layer-custody', 'src/custody/fault.ts', '../tabular/index.ts'],
  ['layer-audit', 'src/audit/fault.ts', '../schema/index.ts'],
  ['layer-room', 'src/room/fault.ts', '../crypto/index.ts'],
  ['layer-package', 'src/package/fault.ts', '../crypto/index.ts'],
  ['layer-query', 'src/query/fault.ts', '../crypto/index.ts'],
  ['layer-wire', 'src/wire/fault.ts', '../room/index.ts'],
  ['layer-server', 'src/server/fault.ts', '../crypto/index.ts'],
  ['layer-client', 'src/client/fault.ts', '../custody/index.ts'],
  ['layer-actions-member', 'src/actions/member/fault.ts', '../../room/index.ts'],
  ['layer-actions-member', 'src/actions/member/fault-operator.ts', '../operator/index.ts'],
  ['layer-actions-operator', 'src/actions/operator/fault.ts', '../../crypto/index.ts'],
  ['layer-actions-operator', 'src/actions/operator/fault-protect.ts', '../../protect/index.ts'],
  ['layer-actions-operator', 'src/actions/operator/fault-custody.ts', '../../custody/index.ts'],
  ['layer-actions-operator', 'src/actions/operator/fault-light-custody.ts', '../../custody/load-secret.ts'],
  ['layer-actions-operator', 'src/actions/operator/fault-member.ts', '../member/index.ts'],
  ['layer-unknown', 'src/actions/fault.ts', '../bytes/index.ts'],
  ['layer-unknown', 'src/utils/fault.ts', '../bytes/index.ts'],
  ['layer-aws', 'src/aws/fault.ts', '../schema/index.ts'],
  ['layer-clean-rooms', 'src/clean-rooms/fault.ts', '../crypto/index.ts'],
  ['layer-errors', 'src/errors/fault.ts', '../bytes/index.ts'],
  ['door', 'src/protect/fault-door.ts', '../crypto/seal.ts'],
  ['door', 'src/actions/member/fault-door.ts', '../../crypto/seal.ts'],
  ['door', 'src/actions/member/fault-door-operator.ts', '../operator/run-query.ts'],
  ['door-of-the-product', 'cli/fault-door.ts', '../src/crypto/seal.ts'],
  ['door-of-the-product', 'cli/fault-door-actions.ts', '../src/actions/member/keys.ts'],
  ['commands-through-actions', 'cli/fault-door-custody.ts', '../src/custody/load-secret.ts'],
  ['door-of-the-product', 'src/index.ts', './crypto/seal.ts'],
  ['door-of-the-browser', 'src/public/browser.ts', '../tabular/index.ts'],
  ['no-io', 'src/public/browser.ts', 'node:fs'],
  ['no-io', 'src/audit/verify-export.ts', 'node:fs'],
  ['no-io', 'src/custody/exchange/card.ts', 'node:crypto'],
  ['commands-through-actions', 'cli/fault-actions.ts', '../src/protect/index.ts'],
  ['upward', 'src/tabular/fault-upward.ts', '../../cli/terminal.ts'],
  ['upward', 'cli/fault-upward.ts', '../test/support.ts'],
  ['samples-as-users', 'samples/insurers/fault.ts', '../../src/index.ts'],
  ['index-of-src', 'src/protect/fault-index.ts', '../index.ts'],
  ['index-of-src', 'cli/fault-public.ts', '../src/public/crypto.ts'],
  ['no-io', 'src/schema/fault-io.ts', 'node:fs'],
  ['no-io', 'src/crypto/kernels/fault-io.ts', 'node:crypto'],
  ['no-io', 'src/signing/fault-io.ts', 'node:crypto'],
  ['no-io', 'src/tlog/fault-io.ts', 'node:crypto'],
  ['no-io', 'src/wire/fault-io.ts', 'node:crypto'],
  ['no-io', 'src/age/fault-io.ts', 'node:buffer'],
  ['no-io', 'src/package/fault-io.ts', 'node:crypto'],
  ['no-io', 'src/platform/web.ts', 'node:crypto'],
  ['no-io', 'src/columns/fault-io.ts', 'node:buffer'],
  ['no-io', 'src/query/check-query.ts', 'node:fs'],
  ['no-io', 'src/protect/encrypt/core/fault-io.ts', 'node:crypto'],
  ['core', 'src/protect/encrypt/core/fault.ts', '../../../tabular/index.ts'],
  ['core', 'src/protect/decrypt/core/fault.ts', '../decrypt-table.ts'],
  ['no-io-but-crypto', 'src/platform/node.ts', 'node:net'],
  ['package-terminal', 'src/tabular/fault-terminal.ts', 'yargs'],
  ['package-passphrases', 'cli/commands/fault-words.ts', '@scure/bip39'],
  ['package-engine', 'src/schema/fault-engine.ts', '@duckdb/node-api'],
  ['package-engine', 'src/room/run/fault-engine.ts', '@duckdb/node-api'],
  ['package-tables', 'src/room/run/fault-tables.ts', 'apache-arrow'],
  ['package-cipher', 'src/tabular/fault-cipher.ts', '@noble/hashes/hmac.js'],
  ['package-lock', 'src/query/fault-lock.ts', 'fs-native-extensions'],
  ['package-age', 'src/protect/fault-age.ts', 'age-encryption'],
  ['package-package', 'src/protect/fault-package.ts', 'nanotar'],
  ['package-signatures', 'src/client/fault-package.ts', 'structured-headers'],
  ['package-server', 'src/client/fault-server.ts', 'hono'],
  ['package-phones', 'src/protect/fault-phones.ts', 'libphonenumber-js'],
  ['package-cloud', 'src/collab/fault-cloud.ts', '@aws-sdk/client-cleanrooms'],
  ['package-cloud', 'src/clean-rooms/fault-cloud.ts', '@aws-sdk/client-cleanrooms'],
  ['package-cloud', 'src/custody/fault-cloud.ts', '@aws-sdk/client-kms'],
  ['package-token', 'src/custody/fault-token.ts', 'pkcs11js'],
  ['no-circular', 'src/bytes/reader.ts', './index.ts'],
  ['not-to-unresolvable', 'src/bytes/fault-missing.ts', './missing.ts'],
  ['not-to-dev-dependency', 'src/tabular/fault-dev.ts', 'vitest'],
] as const;

interface Violation {
  readonly rule: { readonly name: string };
  readonly from: string;
  /** Of a circle, which is told once: the files that it goes through. */
  readonly cycle?: readonly { readonly name: string }[];
}

function isAt(file: string, { from, cycle = [] }: Violation): boolean {
  return from === file || cycle.some(({ name }) => name === file);
}

function cruise(tree: Readonly<Record<string, string>>): readonly Violation[] {
  const folder = plantTree(tree);
  try {
    const arguments_ = [
      '--config',
      join(ROOT, '.dependency-cruiser.mjs'),
      '--output-type',
      'json',
      'src',
      'cli',
      'samples',
    ];
    const { stdout } = runTool('node_modules/dependency-cruiser/bin/dependency-cruise.mjs', arguments_, folder);
    return (JSON.parse(stdout) as { summary: { violations: Violation[] } }).summary.violations;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('accepts a tree that keeps the layers', () => {
  expect(cruise(TREE)).toEqual([]);
});

describe('refuses a planted fault:', () => {
  let violations: readonly Violation[] = [];

  beforeAll(() => {
    const tree: Record<string, string> = { ...TREE };
    for (const [, file, target] of FAULTS) {
      const fault = file.endsWith('-type.ts') ? `import type {} from '${target}';` : `import '${target}';`;
      tree[file] = `${tree[file] ?? ''}\n${fault}`;
    }
    violations = cruise(tree);
  });

  test.each(FAULTS)('%s in %s', (rule, file) => {
    expect(violations.filter((violation) => isAt(file, violation)).map((violation) => violation.rule.name)).toContain(
      rule,
    );
  });

  test('every rule has a fault', () => {
    const rules = config.forbidden.map((rule) => rule.name);
    expect(new Set(FAULTS.map(([rule]) => rule))).toEqual(new Set(rules));
  });
});
