import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SealroomError } from '#src/errors/sealroom-error';
import {
  defaultTargetHeader,
  legalHeader,
  normaliseHeader,
  parseHeader,
  parseSourceHeader,
  positionalHeader,
} from 'sealroom/schema';
import { catchError } from './support.ts';

/** The rule as the format states it; the product checks it step by step in order to say what is wrong. */
const RULE = /^[a-z0-9_](([a-z0-9_ ]+-)*([a-z0-9_ ]+))?$/;

const headerLike = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'Z', '0', '_', ' ', '-', '\t'), maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.string({ unit: fc.constantFrom('a', '-'), minLength: 125, maxLength: 131 }),
);

describe('normalising', () => {
  test('F-62 removes characters up to U+0020 at both ends and lowers the case', () => {
    expect(normaliseHeader('\u0000\t \r\nFirst Name\u001f ')).toBe('first name');
  });

  test('F-62 keeps other blanks at the ends', () => {
    expect(normaliseHeader('\u00a0a\ufeff')).toBe('\u00a0a\ufeff');
  });

  test('F-62 keeps blanks inside', () => {
    expect(normaliseHeader(' with  two ')).toBe('with  two');
  });

  test('F-62 lowers U+212A KELVIN SIGN to an ordinary k', () => {
    expect(parseHeader('\u212a')).toBe('k');
  });

  test('F-62 is idempotent', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const once = normaliseHeader(text);
        // Lower-casing U+0130 gives two characters; doing it again changes nothing.
        expect(normaliseHeader(once)).toBe(once);
      }),
    );
  });
});

describe('the naming rule', () => {
  test.each(['a', '0', '_', 'ab-b', 'this is fine', 'a b-c d-e', '1st', 'a_', 'b'.repeat(128)])(
    'F-63 accepts %j',
    (header) => {
      expect(parseHeader(header)).toBe(header);
    },
  );

  test.each([
    ['', 'must not be empty'],
    [' \t', 'must not be empty'],
    ['c'.repeat(129), 'at most 128 characters, got 129'],
    ['dot.ted', 'got `.` at character 4'],
    ['café', 'got `é` at character 4'],
    ['\u00a0a', 'got `\\u{a0}` at character 1'],
    ['line\nbreak', 'got `\\u{a}` at character 5'],
    ['-', 'must not have a hyphen among its first two characters, got one at character 1'],
    ['a-b', 'must not have a hyphen among its first two characters, got one at character 2'],
    ['abc-', 'must not end with a hyphen'],
    ['ab--c', 'must not have two hyphens in a row, got them at character 3'],
  ])('F-63 refuses %j and says which part it breaks', (header, reason) => {
    const error = catchError(() => parseHeader(header));
    expect(error.code).toBe('SCHEMA_HEADER');
    expect(error.message).toContain(reason);
  });

  test('F-63 agrees with the pattern of the format on every text', () => {
    fc.assert(
      fc.property(headerLike, (text) => {
        const header = normaliseHeader(text);
        const isFine = header.length <= 128 && RULE.test(header);
        if (isFine) expect(parseHeader(text)).toBe(header);
        else expect(() => parseHeader(text)).toThrow(SealroomError);
      }),
      { numRuns: 2000 },
    );
  });

  test('names the header in one line, whatever is in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        fc.pre(!RULE.test(normaliseHeader(text)));
        const { message } = catchError(() => parseHeader(text));
        expect(message).toMatch(/^header `.*`: (?:at most |only |must not )[^\n\r\u2028\u2029]+$/u);
        expect(message).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
      }),
    );
  });
});

describe('made headers', () => {
  test('F-65 a sealed column and a fingerprint column take a suffix, a cleartext column none', () => {
    const source = parseHeader('Alpha');
    expect(defaultTargetHeader(source, 'sealed')).toBe('alpha_sealed');
    expect(defaultTargetHeader(source, 'fingerprint')).toBe('alpha_fingerprint');
    expect(defaultTargetHeader(source, 'cleartext')).toBe('alpha');
  });

  test('F-65 refuses a suffix that makes the header too long', () => {
    const error = catchError(() => defaultTargetHeader(parseHeader('a'.repeat(122)), 'sealed'));
    expect(error.code).toBe('SCHEMA_HEADER');
    expect(error.message).toContain('at most 128 characters, got 129');
  });

  test('F-66 columns without header row are _c0, _c1, …', () => {
    expect([0, 1, 10].map(positionalHeader)).toEqual(['_c0', '_c1', '_c10']);
  });
});

describe('proposing', () => {
  test.each([
    ['E-Mail Address', 'e_mail_address'],
    ['Straße', 'strasse'],
    ['Betrag (EUR)', 'betrag_eur'],
    ['Prénom', 'prenom'],
    ['Łódź – Æøå', 'lodz_aeoa'],
    ['customer.address.city', 'customer_address_city'],
    ['a--b', 'a_b'],
    ['Имя', 'column'],
    ['', 'column'],
    ['é'.repeat(200), 'e'.repeat(128)],
    [' First Name ', 'first name'],
    ['zip-code', 'zip-code'],
  ])('a legal header for %s is %s', (text, expected) => {
    expect(legalHeader(text)).toBe(expected);
  });

  test('F-63 whatever the text, the header is legal, and a legal one is kept', () => {
    fc.assert(
      fc.property(headerLike, (text) => {
        const header = legalHeader(text);
        expect(header).toMatch(RULE);
        expect(header.length).toBeLessThanOrEqual(128);
        expect(legalHeader(header)).toBe(header);
      }),
    );
  });
});

describe('source headers', () => {
  test('F-67 any text will do, trimmed and in lower case', () => {
    expect(parseSourceHeader(' E-Mail.Address \t')).toBe('e-mail.address');
  });

  test('F-67 blanks are none', () => {
    expect(catchError(() => parseSourceHeader(' \t')).message).toBe('source header: must not be empty');
  });
});
