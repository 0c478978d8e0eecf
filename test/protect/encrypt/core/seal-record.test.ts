import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createRecordSealer,
  decryptTable,
  HIGH_ASSURANCE,
  LOW_ASSURANCE,
  openRecord,
  parseSharedSecret,
  parseTableSchema,
  type RecordOptions,
  type RecordValue,
  sealRecord,
} from 'sealroom';
import { ID, SECRET, Session } from '../../../support/cli.ts';

const SCHEMA = parseTableSchema(
  JSON.stringify({
    headerRow: true,
    columns: [
      { sourceHeader: 'Email', targetHeader: 'key', type: 'fingerprint' },
      { sourceHeader: 'email', targetHeader: 'email', type: 'sealed', pad: { type: 'fixed', length: 64 } },
      { sourceHeader: 'amount', targetHeader: 'amount', type: 'sealed', pad: { type: 'none' } },
      { sourceHeader: 'region', targetHeader: 'region', type: 'cleartext' },
    ],
  }),
);

function options(more: Partial<RecordOptions> = {}): RecordOptions {
  const settings = { ...LOW_ASSURANCE, allowJoinsOnColumnsWithDifferentNames: false, preserveNulls: false };
  return { schema: SCHEMA, secret: parseSharedSecret(SECRET), collaborationId: ID, settings, ...more };
}

const RECORD = { Email: 'ann@example.com', amount: 12.5, region: 'north' };

describe('records', () => {
  test('come back as they were, except their fingerprints', () => {
    using sealer = createRecordSealer(options());
    const sealed = sealRecord(sealer, RECORD);
    expect(Object.keys(sealed)).toEqual(['key', 'email', 'amount', 'region']);
    expect(sealed).toMatchObject({
      key: expect.stringMatching(/^02:hmac:/),
      email: expect.stringMatching(/^02:enc:/),
      region: 'north',
    });
    expect(openRecord(sealer, sealed)).toEqual({
      key: sealed['key'],
      email: 'ann@example.com',
      amount: 12.5,
      region: 'north',
    });
  });

  test('equal values have equal fingerprints, and sealed cells are never equal', () => {
    using sealer = createRecordSealer(options());
    const [one, other] = [sealRecord(sealer, RECORD), sealRecord(sealer, RECORD)];
    expect(one['key']).toBe(other['key']);
    expect(one['email']).not.toBe(other['email']);
  });

  test('F-29 the sealed cells of a record share one nonce, and two records never do', () => {
    using sealer = createRecordSealer(options());
    const nonceOf = (cell: unknown): string =>
      Buffer.from(String(cell).slice(7), 'base64').subarray(0, 32).toString('hex');
    const records = Array.from({ length: 50 }, () => sealRecord(sealer, RECORD));
    for (const record of records) expect(nonceOf(record['email'])).toBe(nonceOf(record['amount']));
    expect(new Set(records.map((record) => nonceOf(record['email']))).size).toBe(50);
  });

  test('open as cells of a table do, and their fingerprints join with a table', async () => {
    using sealer = createRecordSealer(options());
    const sealed = sealRecord(sealer, RECORD);
    await using session = await Session.start({
      'in.csv': 'email\nann@example.com\n',
      'schema.json': '{headerRow:true,columns:[{sourceHeader:"email",targetHeader:"key",type:"fingerprint"}]}',
      'sealed.csv': `key,email,amount,region\n${Object.values(sealed).map(String).join(',')}\n`,
    });
    const outcome = await session.run(['encrypt', 'in.csv', '-s', 'schema.json', '--id', ID, '-o', '-']);
    expect(outcome.out).toBe(`key\n${String(sealed['key'])}\n`);
    await decryptTable({
      input: session.path('sealed.csv'),
      output: session.path('out.csv'),
      secret: parseSharedSecret(SECRET),
      collaborationId: ID,
    });
    expect(await session.text('out.csv')).toBe(
      `key,email,amount,region\n${String(sealed['key'])},ann@example.com,12.5,north\n`,
    );
  });

  test('any value that can be sealed comes back as the same value', () => {
    using sealer = createRecordSealer(options());
    const value: fc.Arbitrary<RecordValue> = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 40 }),
      fc.double(),
      fc.integer(),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.boolean(),
      fc.date({ noInvalidDate: true }),
      fc.constant(null),
    );
    fc.assert(
      fc.property(value, (amount) => {
        const opened = openRecord(sealer, sealRecord(sealer, { ...RECORD, amount }));
        expect(opened['amount']).toEqual(amount);
        expect(typeof opened['amount']).toBe(typeof amount);
      }),
      { seed: 7, numRuns: 500 },
    );
  });

  test('nulls stay null only if the collaboration preserves them', () => {
    using hiding = createRecordSealer(options());
    const hidden = sealRecord(hiding, { Email: null, amount: undefined, region: null });
    expect(hidden).toMatchObject({
      key: expect.stringMatching(/^02:hmac:/),
      amount: expect.stringMatching(/^02:enc:/),
      region: null,
    });
    expect(openRecord(hiding, hidden)).toMatchObject({ email: null, amount: null });
    using keeping = createRecordSealer(options({ settings: LOW_ASSURANCE }));
    expect(sealRecord(keeping, { Email: null, amount: null, region: null })).toEqual({
      key: null,
      email: null,
      amount: null,
      region: null,
    });
  });

  test('whole numbers of all kinds have one fingerprint', () => {
    using sealer = createRecordSealer(options());
    const keyOf = (Email: RecordValue): unknown => sealRecord(sealer, { ...RECORD, Email, email: undefined })['key'];
    expect(() => keyOf(42)).toThrow(/two properties have the header `email`/);
    const single = (Email: RecordValue): unknown => sealRecord(sealer, { ...RECORD, Email })['key'];
    expect(single(42)).toBe(single(42n));
    expect(single(42)).not.toBe(single('42'));
  });

  test.each<[string, Record<string, RecordValue>, string]>([
    ['a missing property', { amount: 1, region: 'x' }, 'DATA_COLUMN'],
    ['a fraction as fingerprint', { ...RECORD, Email: 0.5 }, 'DATA_TYPE'],
    ['a moment as fingerprint', { ...RECORD, Email: new Date(0) }, 'DATA_TYPE'],
    ['an invalid date', { ...RECORD, amount: new Date(Number.NaN) }, 'DATA_VALUE'],
    ['a bigint of more than 64 bits', { ...RECORD, amount: 2n ** 64n }, 'DATA_VALUE'],
    ['a value longer than its pad', { ...RECORD, Email: 'x'.repeat(64) }, 'DATA_LENGTH'],
    ['half a character', { ...RECORD, Email: '\ud800' }, 'DATA_ENCODING'],
  ])('refuses %s', (_, record, code) => {
    using sealer = createRecordSealer(options());
    expect(() => sealRecord(sealer, record)).toThrow(expect.objectContaining({ code }));
  });

  test('refuses schemas and settings that records cannot have', () => {
    const schema = (text: string): RecordOptions => options({ schema: parseTableSchema(text) });
    const max = '{headerRow:true,columns:[{sourceHeader:"a",type:"sealed",pad:{type:"max",length:0}}]}';
    const positional = '{headerRow:false,columns:[[{targetHeader:"a",type:"cleartext"}]]}';
    expect(() => createRecordSealer(schema(max))).toThrow(
      expect.objectContaining({ code: 'SCHEMA_INVALID', where: { column: 'a_sealed' } }),
    );
    expect(() => createRecordSealer(schema(positional))).toThrow(expect.objectContaining({ code: 'SCHEMA_INVALID' }));
    expect(() => createRecordSealer(options({ settings: HIGH_ASSURANCE }))).toThrow(
      expect.objectContaining({ code: 'RULE_CLEARTEXT' }),
    );
    expect(() => createRecordSealer(options({ collaborationId: 'x' }))).toThrow(
      expect.objectContaining({ code: 'USAGE_OPTION' }),
    );
  });

  test('names the property of a cell that does not open', () => {
    using sealer = createRecordSealer(options());
    const sealed = sealRecord(sealer, RECORD);
    const spoiled = { ...sealed, amount: String(sealed['amount']).replace(/.{8}$/, 'AAAAAAA=') };
    expect(() => openRecord(sealer, spoiled)).toThrow(
      expect.objectContaining({ code: 'FORMAT_TAG', where: { column: 'amount' } }),
    );
  });
});
