import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SourceField } from 'sealroom/schema';
import { COLUMN_KINDS, describeTableSchema, MAX_TARGET_COLUMNS, parseTableSchema, printDraft } from 'sealroom/schema';
import { adviseOn, field, NO_FINGERPRINT, OPAQUE, repeat, suggest } from './support.ts';

const emails = (count: number, different = count): readonly string[] =>
  Array.from({ length: count }, (_, i) => `p${String(i % different)}@example.org`);

describe('identifiers', () => {
  test.each([
    ['contact', 'e-mail addresses', (i: number) => `p${String(i)}@example.org`],
    ['x', 'UUIDs', (i: number) => `0b0e7c5e-8d0a-4b57-9a3c-${String(100000000000 + i)}`],
    ['x', 'phone numbers', (i: number) => `+49 30 ${String(900_000 + i)}`],
    ['phone', 'phone numbers', (i: number) => `030 ${String(900_000 + i)}`],
    ['customer_id', 'identifiers', (i: number) => `AB-${String(i)}`],
    ['Kundennummer', 'identifiers', (i: number) => String(1000 + i)],
    ['x', 'hashes', (i: number) => `${String(i).padStart(4, '0')}${'a1b2c3d4e5'.repeat(6)}`],
  ])('of a column %j that holds %s get a fingerprint and are sealed, with the reason', (name, what, value) => {
    const advice = adviseOn(field(name), repeat(60, value));
    expect(advice.kinds).toEqual(['fingerprint', 'sealed']);
    expect(advice.reason).toContain(what);
    expect(advice.reason).toContain('one to join on, one to see who it was');
  });

  test('are two target columns of one source, of which the fingerprint is normalised', () => {
    const { schema } = suggest([[field('E-Mail Address'), emails(50)]]);
    expect(schema === null ? '' : describeTableSchema(schema)).toBe(
      'e-mail address (email) -> e_mail_address_fingerprint fingerprint, e-mail address -> e_mail_address_sealed sealed',
    );
  });

  test('a column of the type UUID is one, whatever its header', () => {
    const uuids = repeat(40, (i) => String(i).padStart(16, '\u0001'));
    expect(adviseOn(field('session', { content: 'uuid' }), uuids).kinds).toEqual(['fingerprint', 'sealed']);
  });

  test('placeholders that are found become null texts of the fingerprint, with their spelling', () => {
    const values = repeat(90, (i) => (i % 9 === 0 ? 'NULL' : i % 9 === 1 ? ' n/a' : `p${String(i)}@example.org`));
    expect(adviseOn(field('mail'), values).nulls).toEqual(['NULL', 'n/a']);
  });

  test('one number that looks like a placeholder may be a value', () => {
    const value = (i: number): string => (i < 1 ? '000000' : i < 4 ? '999999' : String(100_000 + i));
    expect(adviseOn(field('customer id'), repeat(60, value)).nulls).toEqual(['999999']);
  });

  test('steps that change nothing are not proposed, so that C3R can read the schema', () => {
    const plain = repeat(60, (i) => `K-${String(i)}`);
    expect(adviseOn(field('customer id'), plain).normalise).toEqual([]);
    expect(adviseOn(field('customer id'), [' K-7 ', ...plain]).normalise).toEqual(['trim']);
  });

  test('IBANs may be written with blanks, which no step removes', () => {
    const { warnings } = adviseOn(
      field('konto'),
      repeat(40, () => 'DE89 3704 0044 0532 0130 00'),
    );
    expect(warnings.join()).toContain('an IBAN in groups does not match one without blanks');
  });

  test('a hash is called as guessable as what was hashed', () => {
    const { warnings } = adviseOn(
      field('h'),
      repeat(40, (i) => `${'ab12'.repeat(15)}${String(1000 + i)}`),
    );
    expect(warnings.join()).toContain('can be guessed as easily as the address or number itself');
  });

  test('an identifier that cannot be fingerprinted is sealed', () => {
    expect(adviseOn(field('key', { content: 'integer', kinds: NO_FINGERPRINT }), repeat(40, String)).kinds).toEqual([
      'sealed',
    ]);
  });

  test.each(['account', 'message_id', 'user key', 'N° client', 'order no', 'asiakasnumero'])('%j names one', (name) => {
    expect(
      adviseOn(
        field(name),
        repeat(200, (i) => String(1000 + i)),
      ).kinds,
    ).toEqual(['fingerprint', 'sealed']);
  });
});

describe('phone numbers', () => {
  const german = repeat(60, (i) =>
    i % 3 === 0 ? `0171 ${String(2_000_000 + i)}` : `+49 171 ${String(2_000_000 + i)}`,
  );

  test('are of the country that most of those with a country code are from, which is said', () => {
    const { normalise, warnings } = adviseOn(field('Telefon'), german);
    expect(normalise).toEqual(['phone:DE']);
    expect(warnings.join()).toContain('`--country` changes that');
  });

  test('in their international form need no header, and tell their country', () => {
    const { what, normalise, warnings } = adviseOn(
      field('x'),
      repeat(40, (i) => `+49301${String(200_000 + i)}`),
    );
    expect([what, normalise]).toEqual(['phone numbers', ['phone:DE']]);
    expect(warnings.join()).not.toContain('no number tells its country');
  });

  test('are of the country that is given', () => {
    const { normalise, warnings } = adviseOn(field('Telefon'), german, { country: 'AT' });
    expect(normalise).toEqual(['phone:AT']);
    expect(warnings.join()).not.toContain('--country');
  });

  test('without any country code need a country, which is said', () => {
    const { normalise, warnings } = adviseOn(
      field('Telefon'),
      repeat(40, (i) => `0171 ${String(2_000_000 + i)}`),
    );
    expect(normalise).toEqual(['phone']);
    expect(warnings.join()).toContain('no number tells its country');
  });

  test('of several countries are not guessed', () => {
    const mixed = repeat(60, (i) => `+${i % 2 === 0 ? '49' : '33'} 171 ${String(2_000_000 + i)}`);
    expect(adviseOn(field('Telefon'), mixed).normalise).toEqual(['phone']);
  });
});

describe('cleartext', () => {
  test('is for few values under a header that speaks of categories, and a fingerprint of them is warned of', () => {
    const advice = adviseOn(
      field('region'),
      repeat(100, (i) => ['north', 'south'][i % 2] ?? ''),
    );
    expect(advice.kinds).toEqual(['cleartext']);
    expect(advice.warnings.join()).toContain('frequency analysis breaks a fingerprint of it (2 different values)');
  });

  test.each([
    ['region', 'too few values', repeat(5, () => 'north')],
    ['region', 'many values', repeat(300, (i) => `r${String(i)}`)],
    ['xk7', 'a header that says nothing', repeat(100, (i) => ['A', 'B'][i % 2] ?? '')],
    ['diagnosis', 'a sensitive header', repeat(100, (i) => ['A', 'B'][i % 2] ?? '')],
    ['region', 'an address among the values', repeat(100, (i) => (i === 7 ? 'a@example.org' : 'north'))],
  ])('is not for %j, because of %s', (name, _, values) => {
    expect(adviseOn(field(name), values).kinds).toEqual(['sealed']);
  });

  test.each(['amount', 'Betrag (EUR)', 'total_spend', 'montant_total', 'Anzahl', 'number of orders', 'order quantity'])(
    'is for a measure %j because sums need it',
    (name) => {
      const advice = adviseOn(
        field(name),
        repeat(200, (i) => String(i * 7)),
      );
      expect(advice.kinds).toEqual(['cleartext']);
      expect(advice.reason).toContain('sums and averages need cleartext');
    },
  );

  test('numbers with decimal commas are numbers, and it is said that queries see text', () => {
    const advice = adviseOn(
      field('betrag'),
      repeat(200, (i) => `${String(i)},50`),
    );
    expect(advice.kinds).toEqual(['cleartext']);
    expect(advice.warnings.join()).toContain('decimal commas');
  });

  test.each(['wkz', 'summary', 'kfz'])('numbers under the header %j are not understood, and sealed', (name) => {
    expect(
      adviseOn(
        field(name),
        repeat(200, (i) => `${String(i)}.5`),
      ).kinds,
    ).toEqual(['sealed']);
  });

  test.each([
    ['order_date', (i: number) => `2024-01-${String(1 + (i % 28))}`],
    ['Bestelldatum', (i: number) => `${String(1 + (i % 28))}.3.2024`],
    ["date d'achat", (i: number) => `${String(1 + (i % 28))}/03/2024`],
    ['created at', (i: number) => `2024-01-01T10:${String(10 + (i % 50))}:00Z`],
    ['fecha', (i: number) => `${String(1 + (i % 28))} de marzo de 2024`],
  ])('is for dates %j', (name, value) => {
    expect(adviseOn(field(name), repeat(40, value)).kinds).toEqual(['cleartext']);
  });

  test('dates that can be read in two ways are pointed out', () => {
    const advice = adviseOn(
      field('order date'),
      repeat(40, (i) => `0${String(1 + (i % 9))}/04/2024`),
    );
    expect(advice.warnings.join()).toContain('with the day or with the month first');
    const clear = adviseOn(
      field('order date'),
      repeat(40, (i) => `${String(10 + (i % 19))}/04/2024`),
    );
    expect(clear.warnings.join()).not.toContain('month first');
  });

  test('dates of what nobody knows are sealed', () => {
    expect(
      adviseOn(
        field('xk7'),
        repeat(40, (i) => `2024-01-${String(10 + (i % 19))}`),
      ).kinds,
    ).toEqual(['sealed']);
  });

  test.each(['active', 'newsletter'])('truth values %j are a category', (name) => {
    expect(
      adviseOn(
        field(name, { content: 'boolean' }),
        repeat(40, (i) => (i % 2 === 0 ? '\u0000' : '\u0001')),
      ).kinds,
    ).toEqual(['cleartext']);
  });

  test.each(['smoker', 'is_pregnant', 'x'])('truth values %j are sealed', (name) => {
    expect(
      adviseOn(
        field(name, { content: 'boolean' }),
        repeat(40, (i) => (i % 2 === 0 ? '\u0000' : '\u0001')),
      ).kinds,
    ).toEqual(['sealed']);
  });

  test('is never proposed where the collaboration forbids it, and the warning stays', () => {
    const advice = adviseOn(
      field('region'),
      repeat(100, () => 'north'),
      { allowCleartext: false },
    );
    expect(advice.kinds).toEqual(['sealed']);
    expect(advice.warnings.join()).toContain('a fingerprint of it (1 different value)');
  });
});

describe('everything else', () => {
  test('is sealed at one length', () => {
    const { schema } = suggest([[field('xyz'), repeat(40, (i) => `this is remark ${String(i)}`)]]);
    expect(schema?.columns).toMatchObject([{ kind: 'sealed', pad: { kind: 'max', lengthBytes: 0 } }]);
  });

  test('codes that all differ are sealed, and a fingerprint is left to the user', () => {
    const advice = adviseOn(
      field('xk7'),
      repeat(60, (i) => `AB-${String(i)}`),
    );
    expect(advice.kinds).toEqual(['sealed']);
    expect(advice.warnings.join()).toContain('add a fingerprint');
  });

  test('a column without values is sealed', () => {
    expect(adviseOn(field('amount'), [null, null, 'n/a'])).toMatchObject({ kinds: ['sealed'] });
  });

  test('IP addresses are personal', () => {
    expect(
      adviseOn(
        field('source'),
        repeat(60, (i) => `10.0.0.${String(i % 9)}`),
      ).kinds,
    ).toEqual(['sealed']);
    expect(
      adviseOn(
        field('source'),
        repeat(60, (i) => `2001:db8::${String(i)}`),
      ).kinds,
    ).toEqual(['sealed']);
  });

  test('a type that cannot be protected is left out, whatever the collaboration allows', () => {
    expect(adviseOn(field('blob', OPAQUE), ['x'])).toMatchObject({ kinds: [], warnings: [expect.any(String)] });
    const draft = suggest([[field('blob', OPAQUE), ['x']]], { allowCleartext: false });
    expect(draft).toMatchObject({ schema: null, advice: [{ kinds: [], warnings: [] }] });
  });

  test('without a header row only the values speak', () => {
    const { schema } = suggest(
      [
        [field('amount'), repeat(40, String)],
        [field('x'), emails(40)],
      ],
      { headerRow: false },
    );
    expect(schema).toMatchObject({ headerRow: false, sourceCount: 2 });
    expect(schema?.columns.map(({ kind }) => kind)).toEqual(['sealed', 'fingerprint', 'sealed']);
  });
});

describe('target headers', () => {
  test('are never the same twice, and never too long', () => {
    const { schema } = suggest([
      [field('email'), emails(30)],
      [field('email_fingerprint'), emails(30)],
      [field('x'.repeat(128)), emails(30)],
    ]);
    const headers = schema?.columns.map(({ targetHeader }) => targetHeader) ?? [];
    expect(headers).toHaveLength(6);
    expect(new Set(headers).size).toBe(6);
    expect(headers.every((header) => header.length <= 128)).toBe(true);
  });

  test('are legal for any source header', () => {
    const names = ['E-Mail Address', 'Straße', 'Active?', '名前', '--', 'a.b'];
    const { schema } = suggest(names.map((name) => [field(name), repeat(3, (i) => `v ${String(i)}`)]));
    expect(schema?.columns.map(({ targetHeader }) => targetHeader)).toEqual([
      'e_mail_address_sealed',
      'strasse_sealed',
      'active_sealed',
      'column_sealed',
      'column_sealed_2',
      'a_b_sealed',
    ]);
  });
});

describe('large tables', () => {
  const many = (count: number): readonly (readonly [SourceField, readonly string[]])[] =>
    Array.from({ length: count }, (_, i) => [field(`c${String(i)}`), ['a b']]);

  test('over the limit get as many targets as there can be, and the others are left out with a word', () => {
    const { schema, advice } = suggest(many(1700));
    expect(schema?.columns).toHaveLength(MAX_TARGET_COLUMNS);
    const leftOut = advice.filter(({ kinds }) => kinds.length === 0);
    expect(leftOut).toHaveLength(100);
    expect(leftOut[0]).toMatchObject({ column: { index: 1600 }, reason: 'a schema has at most 1,600 target columns' });
  });

  test('near the limit every column has its first target before any has its second', () => {
    const columns = [[field('email'), emails(30)] as const, ...many(1599)];
    const { schema, advice } = suggest(columns);
    expect(schema?.columns).toHaveLength(MAX_TARGET_COLUMNS);
    expect(advice[0]?.kinds).toEqual(['fingerprint']);
    expect(advice[0]?.warnings.join()).toContain('no room to seal it as well');
  });
});

describe('properties', () => {
  test('proposals always parse, and never fall back to cleartext where it is forbidden', () => {
    const columns = fc.uniqueArray(
      fc.tuple(
        fc
          .record({
            name: fc.oneof(
              fc.string({ minLength: 1, maxLength: 6 }),
              fc.constantFrom('a_sealed', 'a_fingerprint', 'a'.repeat(128), 'a.b', 'region', 'amount', 'order date'),
            ),
            content: fc.constantFrom('text', 'integer', 'number', 'date', 'boolean', 'other'),
            kinds: fc.subarray([...COLUMN_KINDS], { minLength: 1 }),
          })
          .map((source): SourceField => source),
        fc.array(
          fc.oneof(fc.constant(null), fc.string({ maxLength: 8 }), fc.constantFrom('a@b.c', '1', '2024-01-01', 'NULL')),
          { maxLength: 30 },
        ),
      ),
      { minLength: 1, selector: ([source]) => source.name.trim().toLowerCase() },
    );
    fc.assert(
      fc.property(columns, fc.boolean(), fc.boolean(), (sources, allowCleartext, headerRow) => {
        fc.pre(sources.every(([{ name }]) => /^[\u0021-\uffff]*$/u.test(name)));
        const { schema, advice } = suggest(sources, { allowCleartext, headerRow });
        for (const { reason, warnings } of advice) expect([reason, ...warnings].join(' ')).toMatch(/^[^\n]+$/);
        if (schema === null) return;
        expect(parseTableSchema(printDraft(schema, advice))).toEqual(schema);
        if (!allowCleartext) expect(schema.columns.every(({ kind }) => kind !== 'cleartext')).toBe(true);
      }),
      { seed: 14 },
    );
  });
});
