import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AuditRecord, recordQuery, durationBucket, parseRecord, printRecord, saltedHash } from 'sealroom/audit';
import { HASH, refused, released, USE } from './support.ts';

const ATTEMPT = '6d1f8f0e-95a4-4d57-9d0a-1f0f1f5f2c11';

function record(event: AuditRecord['event'], changes: Partial<AuditRecord> = {}): AuditRecord {
  return { version: 2, index: 4, previous: HASH, time: '2026-11-24T12:00:00.000Z', event, ...changes };
}

const decode = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
const encode = (text: string): Uint8Array => Buffer.from(text, 'utf8');

describe('records', () => {
  test('A-1, A-2, A-3 are canonical JSON, and read as they were written', () => {
    const value = record(released(ATTEMPT));
    const bytes = printRecord(value);
    expect(decode(bytes)).toMatch(/^\{"event":\{"attempt":"6d1f8f0e/);
    expect(decode(bytes)).not.toMatch(/\n/);
    expect(parseRecord(bytes)).toEqual(value);
  });

  test('hold any IR that is JSON, and any text', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (ir, sql) => {
        const question = recordQuery({ sql, template: null, parameters: {}, keepText: true, salt: HASH });
        const bytes = printRecord(record(refused({ ir: JSON.parse(JSON.stringify(ir)), question })));
        expect(decode(printRecord(parseRecord(bytes)))).toBe(decode(bytes));
      }),
      { seed: 7, numRuns: 300 },
    );
  });

  test('A-3 in another form are refused', () => {
    const line = decode(printRecord(record(released(ATTEMPT))));
    for (const other of [
      `${line} `,
      `{ ${line.slice(1)}`,
      line.replace('"index":4', '"index":4.0'),
      line.replace('brand', '\\u0062rand'),
      `{"version":2,${line.slice(1)}`,
    ]) {
      expect(() => parseRecord(encode(other))).toThrow('canonical');
    }
  });

  test('A-4 of an unknown version are refused by name', () => {
    const line = decode(printRecord(record(released(ATTEMPT)))).replace('"version":2', '"version":3');
    expect(() => parseRecord(encode(line))).toThrow('the version of the record is none of 1, 2');
  });

  test.each([
    ['an unknown member', { extra: 1 }],
    ['a short hash', { previous: 'ab' }],
    ['a fraction as index', { index: 1.5 }],
    ['another time zone', { time: '2026-11-24T12:00:00.000+01:00' }],
    ['a day that no month has', { time: '2026-02-30T12:00:00.000Z' }],
    ['an unknown event', { event: { kind: 'other' } }],
  ])('with %s are refused', (_what, changes) => {
    const line = JSON.stringify({ ...record(released(ATTEMPT)), ...changes });
    expect(() => parseRecord(encode(line))).toThrow(expect.objectContaining({ code: 'AUDIT_RECORD' }));
  });

  test('that are no JSON, too deep or too long are refused, and nothing of them is in the message', () => {
    for (const text of [
      '',
      'secret',
      '[]',
      `{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
      'x'.repeat(5_000_000),
    ]) {
      expect(() => parseRecord(encode(text))).toThrow(expect.objectContaining({ code: 'AUDIT_RECORD' }));
    }
    expect(() => parseRecord(encode('secret'))).not.toThrow('secret');
    expect(() => parseRecord(Uint8Array.of(0xff))).toThrow('the record is not JSON');
  });

  test('A-6 do not contradict themselves', () => {
    const { findings } = refused();
    for (const event of [
      refused({ findings: [] }),
      released(ATTEMPT, { findings }),
      released(ATTEMPT, { ir: null }),
      released(ATTEMPT, { tables: null }),
    ]) {
      expect(() => printRecord(record(event))).toThrow(expect.objectContaining({ code: 'AUDIT_RECORD' }));
    }
    expect(() => printRecord(record(refused(), { index: 0 }))).toThrow('`previous`');
    expect(() => printRecord(record(refused(), { previous: null }))).toThrow('`previous`');
  });
});

describe('version 1 of records', () => {
  const old = { version: 1 } as const;
  const plain = { kind: 'released', rows: 3, resultSha256: HASH, duration: 'under 1 s' } as const;

  test('A-4 is read as it was written, and may not have what version 2 has', () => {
    const value = record(released(ATTEMPT, { outcome: plain }), old);
    expect(parseRecord(printRecord(value))).toEqual(value);
    const clock = { kind: 'clock', previousTime: '2026-11-20T12:00:00.000Z' } as const;
    const row = {
      table: 'a',
      owner: 'b',
      type: 'LIFETIME',
      unit: 'ROWS',
      period: 'lifetime',
      budget: 1,
      before: 1,
      after: 0,
    };
    for (const event of [
      released(ATTEMPT),
      released(ATTEMPT, { outcome: plain, budgets: [row as never] }),
      released(ATTEMPT, { outcome: plain, omittedFindings: 1 }),
      released(ATTEMPT, { outcome: plain, question: { template: null, saltedParameters: {}, saltedSqlSha256: HASH } }),
      released(ATTEMPT, { outcome: { ...plain, saltedResultSha256: HASH } }),
      clock,
    ]) {
      expect(() => printRecord(record(event, old))).toThrow(/members of another version than 1|malformed/);
    }
  });

  test('A-9 a record of version 2 has no hash of a result that can be tried out', () => {
    for (const outcome of [plain, { ...plain, saltedResultSha256: HASH }, { ...plain, resultSha256: undefined }]) {
      expect(() => printRecord(record(released(ATTEMPT, { outcome })))).toThrow(/another version than 2/);
    }
  });
});

test('A-9 a salted hash is HMAC-SHA-256 of its part and the hash', () => {
  const hmac = createHmac('sha256', Buffer.from(HASH, 'hex'))
    .update(`result\n${'ab'.repeat(32)}`)
    .digest('hex');
  expect(saltedHash(HASH, 'result', 'ab'.repeat(32))).toBe(hmac);
  expect(() => saltedHash('abcd', 'result', HASH)).toThrow(TypeError);
});

describe('a question', () => {
  test('that owners want as hash has no text', () => {
    const asked = { sql: 'SELECT 1', template: 'reach', parameters: { since: '7', until: '7' }, keepText: false };
    const plain = 'e004ebd5b5532a4b85984a62f8ad48a81aa3460c1ca07701f386135d72cdecf5';
    const seven = createHash('sha256').update('7').digest('hex');
    const recorded = recordQuery({ ...asked, salt: HASH });
    expect(recorded).toEqual({
      template: 'reach',
      saltedParameters: {
        since: saltedHash(HASH, 'parameter since', seven),
        until: saltedHash(HASH, 'parameter until', seven),
      },
      saltedSqlSha256: saltedHash(HASH, 'sql', plain),
    });
    // Without the salt, neither the text nor a value can be found by trying; nor does it show that two values are equal.
    expect(JSON.stringify(recorded)).not.toMatch(new RegExp(`${plain}|${seven}|SELECT`));
    expect(new Set(JSON.stringify(recorded).match(/[0-9a-f]{64}/g)).size).toBe(3);
    expect(recordQuery({ ...asked, salt: 'ab'.repeat(32) })).not.toEqual(recorded);
  });

  test('that is longer than a query may be has its hash only', () => {
    const asked = { sql: 'x'.repeat(100_001), template: null, parameters: {}, keepText: true, salt: HASH };
    expect(recordQuery(asked)).toMatchObject({ sql: null, sqlSha256: expect.any(String) });
  });
});

test('durations are told in buckets', () => {
  expect([0, 99.9, 100, 9_999, 59_999, 60_000, 1e9].map(durationBucket)).toEqual([
    'under 100 ms',
    'under 100 ms',
    'under 1 s',
    'under 10 s',
    'under 60 s',
    'longer',
    'longer',
  ]);
});

test('a start names its tables', () => {
  const event = {
    kind: 'start',
    attempt: ATTEMPT,
    member: 'brand',
    manifestSha256: HASH,
    irSha256: HASH,
    tables: [USE],
    budgets: [],
  } as const;
  expect(parseRecord(printRecord(record(event))).event).toEqual(event);
});
