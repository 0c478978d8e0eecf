import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCollaborationId } from 'sealroom/crypto';
import { boundBytes, type Envelope, parseEnvelope, printEnvelope } from '#src/custody/envelope';
import { parseKeyUri } from '#src/custody/key-uri';
import { SealroomError } from '#src/errors/sealroom-error';
import { codeOf } from './providers/contract.ts';

const digits = (length: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...Array.from('0123456789abcdef')), minLength: length, maxLength: length });

const common = {
  provider: fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/),
  key: fc.string({ unit: 'binary', minLength: 1, maxLength: 100 }).filter((text) => /^[^\p{Cc}\p{Cs}]+$/u.test(text)),
  algorithm: fc.stringMatching(/^[A-Za-z0-9+_.-]{1,64}$/),
  collaborationId: fc.uuid().map(parseCollaborationId),
  generation: fc.integer({ min: 1, max: 1_000_000 }),
  created: fc
    .date({ min: new Date(0), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
    .map((date) => date.toISOString()),
  isRoleBound: fc.boolean(),
  wrapped: fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('base64')),
};

const envelopes: fc.Arbitrary<Envelope> = fc.oneof(
  fc.record({ version: fc.constant(1 as const), secretId: digits(32), ...common }),
  fc.record({ version: fc.constant(2 as const), secretId: digits(64), ...common }),
);

const EXAMPLE = {
  version: 2,
  provider: 'age',
  key: 'age:/home/a/key',
  algorithm: 'age-X25519',
  collaborationId: parseCollaborationId('00000000-1111-2222-3333-444444444444'),
  generation: 1,
  secretId: '0'.repeat(64),
  created: '2026-11-24T10:00:00.000Z',
  isRoleBound: false,
  wrapped: 'AAAA',
} as const satisfies Envelope;

function refused(text: string): Promise<string> {
  return codeOf(() => Promise.resolve().then(() => parseEnvelope(text)));
}

describe('an envelope', () => {
  test('is read as it was printed', () => {
    fc.assert(
      fc.property(envelopes, (envelope) => {
        expect(parseEnvelope(printEnvelope(envelope))).toEqual(envelope);
      }),
    );
  });

  test('is bound in all of its fields but the wrapped bytes', () => {
    fc.assert(
      fc.property(envelopes, envelopes, (a, b) => {
        const [one, other] = [a, b].map((envelope) => Buffer.from(boundBytes(envelope)).toString('utf8'));
        expect({ ...JSON.parse(one ?? ''), wrapped: a.wrapped }).toEqual(a);
        expect(one === other).toBe(
          printEnvelope({ ...a, wrapped: 'AAAA' }) === printEnvelope({ ...b, wrapped: 'AAAA' }),
        );
      }),
    );
  });

  test('is refused for any text that is not the one it is printed as', () => {
    fc.assert(
      fc.property(envelopes, fc.nat(), fc.string({ minLength: 1, maxLength: 2 }), (envelope, at, piece) => {
        const text = printEnvelope(envelope);
        const changed = text.slice(0, at % text.length) + piece + text.slice(at % text.length);
        try {
          // A letter more in a field that takes any text is another envelope, and the provider's to refuse.
          expect(printEnvelope(parseEnvelope(changed))).toBe(changed);
        } catch (error) {
          expect(error).toMatchObject({ code: 'CUSTODY_ENVELOPE' });
        }
      }),
    );
  });

  test('is refused for arbitrary text and JSON, and nothing of it is repeated', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ minLength: 12 }), fc.json()), (text) => {
        try {
          parseEnvelope(text);
          expect.unreachable();
        } catch (error) {
          if (!(error instanceof SealroomError)) throw error;
          expect(error.code).toBe('CUSTODY_ENVELOPE');
          if (text.length > 40) expect(`${error.message} ${error.hint ?? ''}`).not.toContain(text);
        }
      }),
    );
  });

  test.each([
    ['another version', { version: 3 }],
    ['a version that is a text', { version: '2' }],
    ['the id of the other version', { version: 1 }],
    ['a short id', { secretId: '0'.repeat(32) }],
    ['an unknown member', { purpose: 'x' }],
    ['a missing member', { wrapped: undefined }],
    ['an id in upper case', { collaborationId: EXAMPLE.collaborationId.replace('1111', 'AAAA') }],
    ['generation 0', { generation: 0 }],
    ['a time of another zone', { created: '2026-11-24T10:00:00.000+01:00' }],
    ['nothing wrapped', { wrapped: '' }],
    ['Base64 of another form', { wrapped: 'AAA' }],
  ])('is refused with %s', async (_, change) => {
    expect(parseEnvelope(printEnvelope(EXAMPLE))).toEqual(EXAMPLE);
    const { version, ...rest } = EXAMPLE;
    const members = Object.entries({ version, ...rest, ...change }).sort(([a], [b]) => (a < b ? -1 : 1));
    expect(await refused(`${JSON.stringify(Object.fromEntries(members))}\n`)).toBe('CUSTODY_ENVELOPE');
  });

  test('is refused in another form: white space, order, a second member of a name, a byte order mark, length', async () => {
    const text = printEnvelope(EXAMPLE);
    for (const changed of [
      text.trim(),
      ` ${text}`,
      `${text}\n`,
      `\uFEFF${text}`,
      text.replace('{', '{"version":2,'),
      `${JSON.stringify(EXAMPLE)}\n`,
      text.replace('/home', '\\u002fhome'),
      text.replace('AAAA', 'A'.repeat(70_000)),
    ]) {
      expect(changed).not.toBe(text);
      expect(await refused(changed)).toBe('CUSTODY_ENVELOPE');
    }
  });
});

describe("a key's URI", () => {
  test('is its scheme, a colon and the rest', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z][a-z0-9-]{1,10}$/), fc.string(), (scheme, rest) => {
        expect(parseKeyUri(`${scheme}:${rest}`)).toEqual({ scheme, rest });
      }),
    );
  });

  test('is refused without a scheme, and not repeated', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 8 }).filter((text) => !/^[a-z][a-z0-9-]+:/.test(text)),
        (text) => {
          try {
            parseKeyUri(text);
            expect.unreachable();
          } catch (error) {
            if (!(error instanceof SealroomError)) throw error;
            expect(error.code).toBe('USAGE_OPTION');
            if (text.length > 40) expect(error.message).not.toContain(text);
          }
        },
      ),
    );
  });
});
