import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { parseCollaborationId, type SharedSecret, sharedSecretFromBytes } from 'sealroom/crypto';
import { type Envelope, parseEnvelope, printEnvelope, type SecretMetadata } from '#src/custody/envelope';
import type { KeyProvider } from '#src/custody/providers/provider';
import { secretIdOf } from '#src/custody/secret';
import { type ErrorCode, SealroomError } from '#src/errors/sealroom-error';

/** What a provider is tried with. */
export interface ProviderTrial {
  /** A provider of the first key; for one that wraps nothing, of a place with {@link madeSecret}. */
  readonly open: () => Promise<KeyProvider>;
  /** A provider of another key, which works as well. */
  readonly openOther: () => Promise<KeyProvider>;
  /** One whose service, token or file cannot be used. */
  readonly openUnreachable: () => Promise<KeyProvider>;
  /** What that one says. */
  readonly unreachableCode?: ErrorCode;
  /** Tampering is tried at every so many-th byte; without it, {@link STRIDE}. */
  readonly stride?: number;
  /** What a changed envelope may be refused with besides. */
  readonly otherRefusals?: readonly ErrorCode[];
  /** Whether the secret lies elsewhere, so that two envelopes of it are equal. */
  readonly isPlaintext?: boolean;
}

export const COLLABORATION = parseCollaborationId('c0ffee00-1111-4222-8333-444444444444');

const BYTES = Uint8Array.from({ length: 32 }, (_, index) => index + 101);

export function madeSecret(): SharedSecret {
  return sharedSecretFromBytes(BYTES);
}

export function factsOf(secret: SharedSecret): SecretMetadata {
  return {
    collaborationId: COLLABORATION,
    generation: 1,
    secretId: secretIdOf(secret, COLLABORATION),
    created: '2026-11-24T10:00:00.000Z',
    isRoleBound: false,
  };
}

/** The error of something that fails with one of sealroom's. */
export async function errorOf(action: () => Promise<unknown>): Promise<SealroomError | 'done' | 'not mine'> {
  try {
    return (await action()) === null ? 'not mine' : 'done';
  } catch (error) {
    if (error instanceof SealroomError) return error;
    throw error;
  }
}

export async function codeOf(action: () => Promise<unknown>): Promise<string> {
  const outcome = await errorOf(action);
  return typeof outcome === 'string' ? outcome : outcome.code;
}

/** That nothing of the secret can be seen in what is printed of some values. */
export function expectNoSecret(...values: readonly unknown[]): void {
  const shown = values.flatMap((value) => [
    inspect(value, { depth: 9, showHidden: true, getters: true }),
    JSON.stringify({ value }),
    value instanceof Error ? `${value.message} ${value.stack ?? ''}` : '',
  ]);
  const forms = [
    Buffer.from(BYTES).toString('base64').slice(2, 20),
    Buffer.from(BYTES).toString('hex').slice(2, 20),
    BYTES.subarray(1, 9).join(', '),
    BYTES.subarray(1, 9).join(','),
  ];
  for (const text of shown) for (const form of forms) expect(text).not.toContain(form);
}

/** Bytes from one place of tampering to the next. */
const STRIDE = 11;

/** What must hold of each provider. */
export function keepsContract(name: string, trial: ProviderTrial): void {
  const stride = trial.stride ?? STRIDE;
  // Another one for each provider, so that they do not all leave out the same places.
  const firstByte = createHash('sha256').update(name).digest().readUInt32BE() % stride;

  async function wrapped(): Promise<Envelope> {
    using secret = madeSecret();
    await using provider = await trial.open();
    return await provider.wrap(secret, factsOf(secret));
  }

  const refused = ['CUSTODY_ENVELOPE', 'not mine', ...(trial.otherRefusals ?? [])];

  describe(`${name} keeps the contract:`, () => {
    test('what is wrapped is unwrapped, by a provider of the URI that the envelope names', async () => {
      const envelope = parseEnvelope(printEnvelope(await wrapped()));
      await using provider = await trial.open();
      using secret = madeSecret();
      using opened = await provider.unwrap(envelope);
      expect(opened?.equals(secret)).toBe(true);
      expect(envelope.key.startsWith(`${provider.scheme}:`)).toBe(true);
    });

    test('two envelopes of one secret have nothing in common, unless nothing is wrapped', async () => {
      expect((await wrapped()).wrapped === (await wrapped()).wrapped).toBe(trial.isPlaintext ?? false);
    });

    test("another key's envelope is not its own, and none opens it", async () => {
      const envelope = await wrapped();
      await using other = await trial.openOther();
      expect(await other.unwrap(envelope)).toBeNull();
      expect(await other.unwrap({ ...envelope, provider: 'another' })).toBeNull();
    });

    test('each fact is bound to the secret, the collaboration among them', async () => {
      const envelope = await wrapped();
      await using provider = await trial.open();
      const changes: Partial<Envelope>[] = [
        { collaborationId: parseCollaborationId('c0ffee00-1111-4222-8333-444444444445') },
        { generation: 2 },
        { secretId: '0'.repeat(32) },
        { created: '2026-11-24T10:00:00.001Z' },
        { isRoleBound: true },
        { algorithm: 'none' },
        { key: `${envelope.key}0` },
      ];
      for (const change of changes) {
        const code = await codeOf(() => provider.unwrap({ ...envelope, ...change }));
        expect(refused, Object.keys(change).join()).toContain(code);
      }
    });

    test('a text that was changed at any byte opens nowhere', async () => {
      const text = Buffer.from(printEnvelope(await wrapped()));
      await using provider = await trial.open();
      for (let at = firstByte; at < text.length; at += stride) {
        const changed = Buffer.from(text);
        changed[at] = (changed[at] ?? 0) ^ 1;
        const code = await codeOf(async () => provider.unwrap(parseEnvelope(changed.toString('utf8'))));
        expect(refused, `byte ${String(at)}`).toContain(code);
      }
    });

    test('a text that was cut short, and wrapped bytes that were, open nowhere', async () => {
      const envelope = await wrapped();
      const text = printEnvelope(envelope);
      for (let end = firstByte; end < text.length; end += stride) {
        expect(await codeOf(() => Promise.resolve().then(() => parseEnvelope(text.slice(0, end))))).toBe(
          'CUSTODY_ENVELOPE',
        );
      }
      const bytes = Buffer.from(envelope.wrapped, 'base64');
      await using provider = await trial.open();
      for (let end = firstByte; end < bytes.length; end += stride) {
        const cut = { ...envelope, wrapped: bytes.subarray(0, end).toString('base64') };
        expect(refused, `${String(end)} bytes`).toContain(await codeOf(() => provider.unwrap(cut)));
      }
    });

    test('one that cannot be used says so within 5 seconds', async () => {
      const envelope = await wrapped();
      await using provider = await trial.openUnreachable();
      using secret = madeSecret();
      const code = trial.unreachableCode ?? 'CUSTODY_UNAVAILABLE';
      for (const action of [
        () => provider.wrap(secret, factsOf(secret)),
        () => provider.unwrap({ ...envelope, provider: provider.scheme }),
      ]) {
        const started = performance.now();
        const outcome = await errorOf(action);
        expect([code, 'not mine']).toContain(typeof outcome === 'string' ? outcome : outcome.code);
        expect(performance.now() - started).toBeLessThan(5000);
        expectNoSecret(outcome);
      }
      expect((await provider.describe()).problem).not.toBeNull();
    });

    test('many at once do not disturb each other', async () => {
      await using provider = await trial.open();
      using secret = madeSecret();
      const envelopes = await Promise.all(Array.from({ length: 8 }, () => provider.wrap(secret, factsOf(secret))));
      const opened = await Promise.all(envelopes.map((envelope) => provider.unwrap(envelope)));
      expect(opened.map((one) => one?.equals(secret))).toEqual(Array.from({ length: 8 }, () => true));
      for (const one of opened) one?.[Symbol.dispose]();
    });

    test('the secret is in no envelope, description, error or print, and a description names the key', async () => {
      const envelope = await wrapped();
      await using provider = await trial.open();
      using opened = await provider.unwrap(envelope);
      const description = await provider.describe();
      expect(description).toMatchObject({ provider: envelope.provider, key: envelope.key, problem: null });
      const error = await errorOf(() => provider.unwrap({ ...envelope, generation: 2 }));
      expectNoSecret(envelope, printEnvelope(envelope), provider, opened, description, error);
    });
  });
}
