import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { parseEnvelope, printEnvelope } from '#src/custody/envelope';
import { openProvider } from '#src/custody/providers/open-provider';
import { PROVIDER_SCHEMES } from '#src/custody/providers/providers';
import { unwrapEnvelope } from '#src/custody/unwrap-envelope';
import { StrictKms } from '../../support/strict-kms.ts';
import { madeSecret } from './contract.ts';

// Envelopes that lie in members' homes must stay readable: these were made once, and are never made again.

interface Golden {
  readonly secret: string;
  readonly passphrase: string;
  /** In Base64. */
  readonly files: Readonly<Record<'keystore' | 'x25519' | 'hybrid', string>>;
  readonly kmsKey: { readonly arn: string; readonly material: string };
  readonly token: object;
  /** Texts of envelopes of version 1. */
  readonly envelopes: Readonly<Record<string, string>>;
  /** Those of version 2, with the same keys. */
  readonly version2: { readonly envelopes: Readonly<Record<string, string>> };
}

const VECTORS = join(import.meta.dirname, '../../vectors/envelopes.json');
const golden = JSON.parse(await readFile(VECTORS, 'utf8')) as Golden;

let folder = '';
let kms: StrictKms;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sealroom-test-'));
  const write = (name: string, content: string | Uint8Array) => writeFile(join(folder, name), content, { mode: 0o600 });
  for (const [name, content] of Object.entries(golden.files)) await write(name, Buffer.from(content, 'base64'));
  await write('secret', golden.secret);
  await write('module.so', '');
  await write('pin', '246810');
  await write('token.json', JSON.stringify(golden.token));
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'member');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'stand-in');
  kms = await StrictKms.start();
  const { arn, material } = golden.kmsKey;
  kms.createKey('member', { arn, material: Buffer.from(material, 'base64') });
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await kms[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** Where the key of each envelope is now. */
const KEYS: Readonly<Record<string, () => string>> = {
  keystore: () => 'keystore:keystore',
  age: () => 'age:x25519',
  'age, post-quantum': () => 'age:hybrid',
  'aws-kms': () => `aws-kms:${kms.uri(golden.kmsKey.arn)}`,
  pkcs11: () =>
    `pkcs11:token=one;object=wrapping?module-path=${join(folder, 'module.so')}&pin-source=file:${join(folder, 'pin')}`,
  env: () => 'env:SECRET',
  file: () => 'file:secret',
};

const VERSIONS = [
  [1, golden.envelopes],
  [2, golden.version2.envelopes],
] as const;

const MADE = VERSIONS.flatMap(([version, envelopes]) =>
  Object.entries(KEYS).map(([name, uri]) => [version, name, uri, envelopes[name] ?? ''] as const),
);

test.each(MADE)('an envelope of version %i of `%s` that was made before still opens', async (version, _, uri, text) => {
  const envelope = parseEnvelope(text);
  expect(envelope.version).toBe(version);
  await using provider = await openProvider(uri(), {
    env: {
      SECRET: golden.secret,
      NODE_PATH: join(import.meta.dirname, '../../support/node-path'),
      STAND_IN_TOKEN: join(folder, 'token.json'),
    },
    cwd: folder,
    warn: () => undefined,
    askPassphrase: () => Promise.resolve(golden.passphrase),
  });
  using secret = madeSecret();
  using opened = await unwrapEnvelope(envelope, provider);
  expect(opened.equals(secret)).toBe(true);
  expect(printEnvelope(envelope)).toBe(text);
});

test.each(VERSIONS)('there is one of each scheme of version %i', (_, envelopes) => {
  const schemes = Object.values(envelopes).map((text) => parseEnvelope(text).provider);
  expect(new Set(schemes)).toEqual(new Set(PROVIDER_SCHEMES));
});
