import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { inspect, promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sharedSecretFromBytes, parseCollaborationId } from 'sealroom/crypto';
import { boundBytes, type Envelope, type EnvelopeHeader, parseEnvelope, printEnvelope } from '#src/custody/envelope';
import { encryptAesGcm } from '#src/custody/providers/aes-gcm';
import { openAwsKms } from '#src/custody/providers/aws-kms/aws-kms';
import { areDifferentKeys, parseKmsUri, printKmsUri } from '#src/custody/providers/aws-kms/uri';
import { EnvelopeProvider } from '#src/custody/providers/envelope-provider';
import { fullSecretIdOf } from '#src/custody/secret';
import { unwrapEnvelope } from '#src/custody/unwrap-envelope';
import { type Fault, type StrictKey, StrictKms } from '../../support/strict-kms.ts';
import { codeOf, COLLABORATION, factsOf, keepsContract, madeSecret } from './contract.ts';

const PURPOSE = 'sealroom collaboration secret';
const OTHER_COLLABORATION = parseCollaborationId(COLLABORATION.replace('c0', 'c1'));

let kms: StrictKms;
let key: StrictKey;
let other: StrictKey;

beforeAll(async () => {
  process.env['AWS_ACCESS_KEY_ID'] = 'member';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'stand-in';
  // A machine's own settings have no say in these tests.
  process.env['AWS_CONFIG_FILE'] = '/nonexistent';
  process.env['AWS_SHARED_CREDENTIALS_FILE'] = '/nonexistent';
  kms = await StrictKms.start();
});

beforeEach(() => {
  kms.fault = null;
  key = kms.createKey();
  other = kms.createKey();
});

afterAll(() => kms[Symbol.asyncDispose]());

const openUri = (rest: string) => new EnvelopeProvider('aws-kms', openAwsKms(rest));
const open = (name = key.arn) => openUri(kms.uri(name));

async function wrapped() {
  using secret = madeSecret();
  await using provider = open();
  return await provider.wrap(secret, factsOf(secret));
}

keepsContract('aws-kms', {
  open: () => Promise.resolve(open()),
  openOther: () => Promise.resolve(open(other.arn)),
  openUnreachable: () => Promise.resolve(openUri(`${key.arn}?endpoint=${encodeURIComponent('http://127.0.0.1:9')}`)),
});

describe('an envelope of AWS KMS', () => {
  test('names the key by its ARN, and is asked for with the collaboration and the purpose', async () => {
    kms.setAlias('alias/sealroom', key);
    using secret = madeSecret();
    await using provider = open('alias/sealroom');
    const envelope = await provider.wrap(secret, factsOf(secret));
    expect(envelope.key).toBe(`aws-kms:${key.arn}?endpoint=${encodeURIComponent(kms.endpoint)}`);
    const { generation, secretId, created, isRoleBound } = envelope;
    const facts = `{"collaborationId":"${COLLABORATION}","created":"${created}","generation":${String(generation)},"isRoleBound":${String(isRoleBound)},"secretId":"${secretId}"}`;
    const digest = createHash('sha256').update(facts).digest('hex');
    expect(kms.contexts.at(-1)).toEqual({ collaborationId: COLLABORATION, facts: digest, purpose: PURPOSE });
    using byAlias = await provider.unwrap(envelope);
    expect(byAlias?.equals(secret)).toBe(true);
    await using named = openUri(envelope.key.slice('aws-kms:'.length));
    using byName = await named.unwrap(envelope);
    expect(byName?.equals(secret)).toBe(true);
  });

  test('is not that of an alias that points to another key by now', async () => {
    const envelope = await wrapped();
    kms.setAlias('alias/sealroom', other);
    await using provider = open('alias/sealroom');
    expect(await provider.unwrap(envelope)).toBeNull();
  });

  test('has a fresh data key and no room for what follows the tag', async () => {
    const envelope = await wrapped();
    const bytes = Buffer.from(envelope.wrapped, 'base64');
    expect(bytes.length).toBe(2 + bytes.readUInt16BE() + 12 + 32 + 16);
    await using provider = open();
    const longer = { ...envelope, wrapped: Buffer.concat([bytes, Buffer.of(0)]).toString('base64') };
    expect(await codeOf(() => provider.unwrap(longer))).toBe('CUSTODY_ENVELOPE');
  });

  test('is not asked for if its key is another', async () => {
    const envelope = await wrapped();
    const before = kms.requests.length;
    await using provider = open(other.arn);
    expect(await provider.unwrap(envelope)).toBeNull();
    expect(kms.requests.length).toBe(before);
  });
});

/** The encrypted data key of an envelope. */
function dataKeyOf(envelope: Envelope): Buffer {
  const bytes = Buffer.from(envelope.wrapped, 'base64');
  return bytes.subarray(2, 2 + bytes.readUInt16BE());
}

/** Asks for a data key without sealroom, as somebody with an access key may; `null` if the service refuses. */
async function decryptAs(accessKey: string, dataKey: Uint8Array, context: unknown): Promise<Buffer | null> {
  const response = await fetch(kms.endpoint, {
    method: 'POST',
    headers: { 'x-amz-target': 'TrentService.Decrypt', authorization: `AWS4-HMAC-SHA256 Credential=${accessKey}/x` },
    body: JSON.stringify({
      KeyId: key.arn,
      CiphertextBlob: Buffer.from(dataKey).toString('base64'),
      EncryptionContext: context,
    }),
  });
  const { Plaintext } = (await response.json()) as { readonly Plaintext?: string };
  return Plaintext === undefined ? null : Buffer.from(Plaintext, 'base64');
}

function headerOf(envelope: Envelope): EnvelopeHeader {
  return JSON.parse(Buffer.from(boundBytes(envelope)).toString('utf8')) as EnvelopeHeader;
}

/** An envelope with a secret and a header of choice under a data key that was made for another. */
function forge(header: EnvelopeHeader, secret: Uint8Array, dataKey: Uint8Array, plainKey: Uint8Array): Envelope {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(dataKey.length);
  const encrypted = encryptAesGcm(plainKey, secret, boundBytes(header));
  const made = { ...header, wrapped: Buffer.concat([length, dataKey, encrypted]).toString('base64') };
  return parseEnvelope(printEnvelope(made));
}

describe('who may only decrypt', () => {
  const FORGED = Buffer.alloc(32, 7);

  const idOf = (bytes: Uint8Array, digits: number): string => {
    using secret = sharedSecretFromBytes(bytes);
    return fullSecretIdOf(secret, COLLABORATION).slice(0, digits);
  };

  /** An honest envelope, and the data key in it, as a steward gets it. */
  async function steal(): Promise<{ honest: Envelope; dataKey: Buffer; plainKey: Buffer }> {
    const honest = await wrapped();
    const context = kms.contexts.at(-1);
    key.policy.set('steward', new Set(['Decrypt']));
    const dataKey = dataKeyOf(honest);
    const plainKey = await decryptAs('steward', dataKey, context);
    if (plainKey === null) throw new Error('refused');
    return { honest, dataKey, plainKey };
  }

  const openBy = async (envelope: Envelope): Promise<string> => {
    await using provider = open();
    return await codeOf(() => unwrapEnvelope(envelope, provider));
  };

  test('makes no envelope: no other secret, generation, collaboration or time, and takes no mark of roles off', async () => {
    const { honest, dataKey, plainKey } = await steal();
    const header = headerOf(honest);
    const digits = header.secretId.length;
    const honestBytes = madeSecret().use((bytes) => Uint8Array.from(bytes));
    // So far it works: the very same envelope can be made again.
    expect(await openBy(forge(header, honestBytes, dataKey, plainKey))).toBe('done');
    const changes: readonly (readonly [object, Uint8Array])[] = [
      [{}, FORGED],
      [{ secretId: idOf(FORGED, digits) }, FORGED],
      [{ secretId: idOf(FORGED, digits), generation: 2 }, FORGED],
      [{ generation: 2 }, honestBytes],
      [{ isRoleBound: true }, honestBytes],
      [{ created: '2027-01-01T00:00:00.000Z' }, honestBytes],
      [{ collaborationId: OTHER_COLLABORATION }, honestBytes],
      [{ algorithm: 'AWS-KMS+AES-256-GCM', secretId: idOf(FORGED, digits) }, FORGED],
      [{ algorithm: 'AWS-KMS+AES-256-GCM' }, honestBytes],
    ];
    for (const [change, secret] of changes) {
      const forged = forge({ ...header, ...change }, secret, dataKey, plainKey);
      expect(await openBy(forged), JSON.stringify(change)).toBe('CUSTODY_ENVELOPE');
    }
  });

  test('makes none of version 1 with the data key of version 2', async () => {
    const { honest, dataKey, plainKey } = await steal();
    const header = headerOf(honest);
    for (const algorithm of ['AWS-KMS+AES-256-GCM', 'AWS-KMS+AES-256-GCM+CONTEXT']) {
      const old = { ...header, version: 1, algorithm, secretId: idOf(FORGED, 32) } as const;
      expect(await openBy(forge(old, FORGED, dataKey, plainKey)), algorithm).toBe('CUSTODY_ENVELOPE');
    }
  });

  test('can still make those of version 1 where one is, until the policy asks for `facts`', async () => {
    const { honest } = await steal();
    const header = headerOf(honest);
    // What earlier releases asked for.
    const context = { collaborationId: COLLABORATION, purpose: PURPOSE };
    const { plain: plainKey, encrypted: dataKey } = kms.makeDataKey(key, context);
    expect(await decryptAs('steward', dataKey, context)).toEqual(plainKey);
    const forged = forge(
      { ...header, version: 1, algorithm: 'AWS-KMS+AES-256-GCM', secretId: idOf(FORGED, 32) },
      FORGED,
      dataKey,
      plainKey,
    );
    expect(await openBy(forged)).toBe('done');
    key.requiredNames = ['facts'];
    expect(await openBy(forged)).toBe('CUSTODY_DENIED');
    expect(await decryptAs('steward', dataKey, context)).toBeNull();
    expect(await openBy(honest)).toBe('done');
  });
});

describe('refusals of the service:', () => {
  const change = (action: () => void) => action;

  test.each([
    ['a disabled key', change(() => (key.state = 'Disabled')), 'CUSTODY_DENIED', 'DisabledException'],
    ['a pending deletion', change(() => (key.state = 'PendingDeletion')), 'CUSTODY_DENIED', 'KMSInvalidStateException'],
    ['a policy', change(() => key.policy.clear()), 'CUSTODY_DENIED', 'AccessDeniedException'],
    [
      'a policy for another collaboration',
      change(() => (key.requiredContext = { collaborationId: 'other' })),
      'CUSTODY_DENIED',
      'AccessDeniedException',
    ],
    ['a key for signatures', change(() => (key.spec = 'RSA_2048')), 'CUSTODY_KEY', 'InvalidKeyUsageException'],
  ])('%s', async (_, apply, code, name) => {
    const envelope = await wrapped();
    apply();
    using secret = madeSecret();
    await using provider = open();
    await expect(provider.unwrap(envelope)).rejects.toMatchObject({ code, message: expect.stringContaining(name) });
    await expect(provider.wrap(secret, factsOf(secret))).rejects.toMatchObject({ code });
  });

  test('a key that is not there', async () => {
    using secret = madeSecret();
    await using provider = open(key.arn.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')));
    expect(await codeOf(() => provider.wrap(secret, factsOf(secret)))).toBe('CUSTODY_KEY');
    expect((await provider.describe()).problem).toContain('NotFoundException');
  });

  test('one who may wrap and not unwrap, and the other way round', async () => {
    const envelope = await wrapped();
    using secret = madeSecret();
    await using provider = open();
    key.policy.set('member', new Set(['GenerateDataKey']));
    expect(await codeOf(() => provider.wrap(secret, factsOf(secret)))).toBe('done');
    expect(await codeOf(() => provider.unwrap(envelope))).toBe('CUSTODY_DENIED');
    key.policy.set('member', new Set(['Decrypt']));
    expect(await codeOf(() => provider.wrap(secret, factsOf(secret)))).toBe('CUSTODY_DENIED');
    expect(await codeOf(() => provider.unwrap(envelope))).toBe('done');
    expect((await provider.describe()).problem).toContain('AccessDeniedException');
  });
});

describe('answers that are none:', () => {
  test.each<[Fault, string]>([
    ['hangs', 'CUSTODY_UNAVAILABLE'],
    ['drops', 'CUSTODY_UNAVAILABLE'],
    ['html', 'CUSTODY_UNAVAILABLE'],
    ['half a JSON', 'CUSTODY_UNAVAILABLE'],
    ['an empty object', 'CUSTODY_UNAVAILABLE'],
    ['a short key', 'CUSTODY_UNAVAILABLE'],
    ['an internal error', 'CUSTODY_UNAVAILABLE'],
    ['throttles', 'CUSTODY_UNAVAILABLE'],
    ['denial in XML', 'CUSTODY_DENIED'],
  ])('%s', async (fault, code) => {
    const envelope = await wrapped();
    using secret = madeSecret();
    await using provider = open();
    kms.fault = fault;
    const started = performance.now();
    const outcomes = await Promise.allSettled([provider.wrap(secret, factsOf(secret)), provider.unwrap(envelope)]);
    expect(performance.now() - started).toBeLessThan(5000);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code } });
      expect(inspect(outcome, { depth: 9, showHidden: true })).not.toContain('c2VjcmV0');
    }
  });
});

describe('the URI of a key in AWS KMS', () => {
  const ID = '0a1b2c3d-0000-1111-2222-333344445555';
  const ARN = `arn:aws:kms:eu-west-1:111122223333:key/${ID}`;

  test.each([
    [ID, { keyId: ID }],
    [ARN, { keyId: ARN, region: 'eu-west-1' }],
    ['alias/a/b_c-d?region=us-east-1&profile=two%20words', { region: 'us-east-1', profile: 'two words' }],
    [`mrk-${'0'.repeat(32)}?endpoint=https%3A%2F%2Fkms.example`, { endpoint: 'https://kms.example' }],
    ['arn:aws-us-gov:kms:us-gov-west-1:111122223333:alias/x', { region: 'us-gov-west-1' }],
  ])('%s', (text, expected) => {
    const uri = parseKmsUri(text);
    expect(uri).toMatchObject(expected);
    expect(parseKmsUri(printKmsUri(uri).slice('aws-kms:'.length))).toEqual(uri);
  });

  test.each([
    '',
    'nothing',
    `${ID}?region`,
    `${ID}?region=a&region=b`,
    `${ID}?secret=1`,
    `${ID}?region=a?profile=b`,
    `${ID}?profile=%0a`,
    `${ID}?endpoint=http://kms.example`,
    `${ID}?endpoint=https://user:word@kms.example`,
    `${ID}?endpoint=nonsense`,
    `${ID}?region=attacker.example/x`,
    `${ID}?region=eu-west-1.attacker.example`,
    `${ID}?region=EU@x`,
    'arn:aws:s3:eu-west-1:111122223333:key/x',
  ])('refuses `%s`, and does not repeat it', (text) => {
    expect(() => parseKmsUri(text)).toThrow(expect.objectContaining({ code: 'USAGE_OPTION' }));
    if (text !== '') expect(() => parseKmsUri(text)).not.toThrow(text);
  });

  test('an alias may be any key; ids and ARNs are compared', () => {
    expect(areDifferentKeys(ARN, ID)).toBe(false);
    expect(areDifferentKeys(ARN, 'alias/a')).toBe(false);
    expect(areDifferentKeys(ARN, ID.replace('0a', '0b'))).toBe(true);
    expect(areDifferentKeys(ARN, ARN.replace('eu-west-1', 'eu-west-2'))).toBe(true);
  });
});

test('without the package it says what to install, and nothing is printed', async () => {
  const hooks = `export const resolve = (name, context, next) => {
    if (name === '@aws-sdk/client-kms') throw Object.assign(new Error('gone'), { code: 'ERR_MODULE_NOT_FOUND' });
    return next(name, context);
  };`;
  const script = `
    import { register } from 'node:module';
    register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hooks)}));
    const { openAwsKms } = await import('#src/custody/providers/aws-kms/aws-kms');
    const { problem } = await openAwsKms('alias/a?region=eu-west-1').describe();
    console.log(problem);`;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
  expect(stdout).toBe('the package `@aws-sdk/client-kms` is not installed\n');
  expect(stderr).toBe('');
});
