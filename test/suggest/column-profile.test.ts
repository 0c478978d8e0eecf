import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { figuresOf, PLACEHOLDER_WORDS } from 'sealroom/schema';
import { field, profileOf, repeat } from './support.ts';

describe('profiles', () => {
  test('count rows, nulls, different values, bytes and shapes, and keep no value', () => {
    const values = [
      'x@example.org',
      'x@example.org',
      null,
      '',
      '42',
      '-1.5',
      '2024-02-29',
      '+49 30 901820',
      'AB-12',
      'é',
      'two words',
    ];
    const profile = profileOf(values);
    expect(profile.statistics).toMatchObject({ rows: 11, nulls: 1, blanks: 1, longestBytes: 13 });
    expect(profile.statistics.repetition).toMatchObject({
      distinct: 9,
      isExact: true,
      top: [2, 1, 1, 1, 1, 1, 1, 1, 1],
    });
    expect(profile.shapes).toMatchObject({
      email: 2,
      date: 1,
      integer: 1,
      number: 1,
      phone: 1,
      code: 1,
      word: 1,
      phrase: 1,
    });
    expect(profile.shapes.empty).toBe(0);
    expect(JSON.stringify(profile)).not.toContain('example.org');
  });

  test('count what keeps values from matching', () => {
    const values = ['Ann@x.de', ' ann@x.de', 'ann@x.de\u00a0', 'e\u0301', '\u00e9', 'ÄB', 'N/A', 'unknown', ' ', null];
    expect(profileOf(values).statistics).toMatchObject({
      rows: 10,
      nulls: 1,
      blanks: 1,
      capitals: 3,
      outerBlanks: 2,
      nonAscii: 4,
      notNfc: 1,
      withAt: 3,
      placeholders: 2,
      nullTexts: { 'N/A': 1, unknown: 1 },
    });
  });

  test.each([
    ...PLACEHOLDER_WORDS,
    ...[
      'NULL',
      'N/A',
      '000',
      '0000000000',
      '000-00-0000',
      '999999',
      '111 111 111',
      '1900-01-01',
      '01.01.1970',
      '12/31/9999',
    ],
    ...['test@example.org', 'none@none.de', 'Noreply@x.com', '0000-00-00', '1900-01-01T00:00:00Z'],
  ])('%j is a placeholder', (value) => {
    expect(profileOf([value]).statistics.placeholders).toBe(1);
  });

  test.each([
    '0',
    '00',
    '12345',
    '112233',
    '1984-01-01',
    '01.02.1970',
    'nullius',
    'testa@example.org',
    'Nora',
    '-1',
    '110000',
    'unknown street 5',
  ])('%j is a value', (value) => {
    expect(profileOf([value]).statistics.placeholders).toBe(0);
  });

  test('a placeholder that is an address is counted, but is no null text', () => {
    expect(profileOf(['test@x.de']).statistics).toMatchObject({ placeholders: 1, nullTexts: {} });
  });

  test.each([
    ['DE89 3704 0044 0532 0130 00', 'iban'],
    ['de89370400440532013000', 'iban'],
    ['DE88370400440532013000', 'code'],
    ['192.168.0.1', 'ip'],
    ['300.1.1.1', 'code'],
    ['2001:db8::1', 'ip'],
    ['5f4dcc3b5aa765d61d8327deb882cf99', 'hash'],
    ['0b0e7c5e-8d0a-4b57-9a3c-1234567890ab', 'uuid'],
    ['1.234,50', 'decimal-comma'],
    ['12,5 €', 'decimal-comma'],
    ['1 234,50', 'decimal-comma'],
    ['1,234.50', 'number'],
    ['€ 12', 'number'],
    ["1'234.5", 'number'],
    ['31.12.2024', 'date'],
    ['31. 12. 2024', 'date'],
    ['1/2/24', 'date'],
    ['3 janvier 2024', 'date'],
    ['January 3, 2024', 'date'],
    ['030/901820', 'phone'],
    ['(0171) 123 45 67', 'phone'],
    ['007', 'code'],
  ])('%j has the shape %s', (value, shape) => {
    expect(profileOf([value]).shapes).toMatchObject({ [shape]: 1 });
  });

  test('tell the order of dates', () => {
    const { dateOrders } = profileOf([
      '2024-01-02',
      '01.02.2024',
      '13/02/2024',
      '02/13/2024',
      '02/03/2024',
      '3 May 2024',
    ]);
    expect(dateOrders).toEqual({ 'year-first': 1, 'day-first': 2, 'month-first': 1, unclear: 1, 'named-month': 1 });
  });

  test('tell the countries of phone numbers that have a country code', () => {
    const numbers = ['+49 30 901820', '0049 30 901820', '+351 21 123 4567', '030 901820', '+1 212 555 0100'];
    expect(profileOf(numbers).phoneCountries).toEqual({ DE: 2, PT: 1 });
    // In its international form a number is a whole number, too; short ones are no numbers of a phone.
    expect(profileOf(['+4930901820', '+12', '49309018201']).phoneCountries).toEqual({ DE: 1 });
  });

  test('classify long text without looking closer', () => {
    expect(profileOf(['1'.repeat(400)]).shapes.phrase).toBe(1);
  });

  test('of other types than text only measure and count', () => {
    const { statistics, shapes } = profileOf(['A ', 'A '], field('n', { content: 'integer' }));
    expect(statistics).toMatchObject({ rows: 2, capitals: 0, outerBlanks: 0 });
    expect(shapes.code).toBe(2);
  });
});

describe('counts of values', () => {
  test('are exact up to their limit', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 2 }), { maxLength: 200 }), (values) => {
        const { repetition } = profileOf(values).statistics;
        expect(repetition).toMatchObject({ distinct: new Set(values).size, isExact: true });
        expect(repetition.top[0] ?? 0).toBe(
          Math.max(0, ...values.map((one) => values.filter((other) => other === one).length)),
        );
      }),
      { seed: 14 },
    );
  });

  test('are estimates beyond it, within a few percent, and find the most frequent values', () => {
    const values = repeat(60_000, (i) => (i % 10 === 0 ? 'frequent' : `v${String(i)}`));
    const { repetition } = profileOf(values, field('a'), 4096).statistics;
    expect(repetition.isExact).toBe(false);
    expect(repetition.standOutRows).toBeNull();
    expect(Math.abs(repetition.distinct / 54_001 - 1)).toBeLessThan(0.08);
    // At most 1/256 of the rows too low.
    expect(repetition.top[0]).toBeGreaterThan(6000 - 60_000 / 256);
    expect(repetition.top[0]).toBeLessThanOrEqual(6000);
  });

  test('find a value that becomes frequent only at the end', () => {
    const values = repeat(60_000, (i) => (i > 54_000 ? 'late' : `v${String(i)}`));
    expect(profileOf(values, field('a'), 1024).statistics.repetition.top[0]).toBeGreaterThan(5000);
  });
});

describe('figures', () => {
  test('say how well a fingerprint hides values', () => {
    const values = [...repeat(50, () => 'a'), ...repeat(25, () => 'b'), ...repeat(25, (i) => `c${String(i)}`)];
    expect(figuresOf(profileOf(values).statistics)).toMatchObject({
      rows: 100,
      distinct: 27,
      topShare: 0.5,
      topTenShare: 0.83,
      minEntropyBits: 1,
      standOutShare: 0.75,
      isExact: true,
    });
  });

  test('values that occur equally often hide among each other', () => {
    expect(figuresOf(profileOf(repeat(100, (i) => `v${String(i % 20)}`)).statistics).standOutShare).toBe(0);
  });

  test('of nothing are zero', () => {
    expect(figuresOf(profileOf([]).statistics)).toMatchObject({
      rows: 0,
      topShare: 0,
      minEntropyBits: 0,
      standOutShare: 0,
    });
  });
});
