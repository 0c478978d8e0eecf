import { readFileSync, readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  loadNormalisers,
  MISSING,
  NORMALISE_STEPS,
  NOT_UNDERSTOOD,
  parseNormalisation,
  PHONES_VERSION,
} from 'sealroom/schema';
import { byteColumnOf, encodeUtf8 } from '#src/bytes/index';
import { noCounts, normaliseColumn } from '#src/normalise/normalise-column';
import { PHONE_COUNTRIES } from '#src/normalise/phone-countries';
import { runs } from '../support/runs.ts';
import { errorOf } from '../crypto/support.ts';
import { normaliserOf } from './support.ts';

const VECTORS = new URL('../vectors/normalise/', import.meta.url);

interface VectorFile {
  readonly clause: string;
  readonly cases: readonly { readonly step: string; readonly in: string; readonly out: string | null }[];
}

const files = readdirSync(VECTORS).map((name) => {
  const content = JSON.parse(readFileSync(new URL(name, VECTORS), 'utf8')) as VectorFile;
  return { name, ...content };
});
const cases = files.flatMap(({ cases: all }) => all);

/** One of each kind: those with a country differ in their facts alone. */
const STEPS = NORMALISE_STEPS.filter(
  (step) => !step.startsWith('phone:') || step === 'phone:DE' || step === 'phone:US',
);

/** `number:comma` writes another notation than it reads (F-113). */
const STABLE_STEPS = STEPS.filter((step) => step !== 'number:comma');

async function compare(name: string): Promise<void> {
  const own = files.find((file) => file.name === `${name}.json`)?.cases ?? [];
  expect(own.length).toBeGreaterThan(3);
  for (const { step, in: input, out } of own) {
    const normalise = await normaliserOf([step]);
    expect([step, input, normalise(input)]).toEqual([step, input, out ?? NOT_UNDERSTOOD]);
  }
}

describe('the vectors hold', () => {
  test('F-104 trim', () => compare('trim'));
  test('F-105 lower', () => compare('lower'));
  test('F-106 nfc', () => compare('nfc'));
  test('F-107 email', () => compare('email'));
  test('F-108 phone', () => compare('phone'));
  test('F-109 digits and postcodes', () => compare('codes'));
  test('F-110 name', () => compare('name'));
  test('F-111 name without accents', () => compare('name-fold'));
  test('F-112 date', () => compare('date'));
  test('F-113 number', () => compare('number'));

  test('every step has some', () => {
    const seen = new Set(cases.map(({ step }) => step));
    expect(STEPS.filter((step) => !seen.has(step))).toEqual([]);
  });
});

/** Texts in which steps find something to do. */
const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({
    unit: fc.constantFrom(
      ...Array.from("aBzÉßÆİıΣσς .-'’,+@0123456789/e\u0301\u0323\u00a0\u200b\u2013\u{1d165}\u{10d50}"),
    ),
    maxLength: 14,
  }),
  fc.constantFrom(...cases.map(({ in: input }) => input)),
);

describe('twice is once', () => {
  test.each(STABLE_STEPS)('F-113 %s applied to what it gave gives the same', async (step) => {
    const normalise = await normaliserOf([step]);
    fc.assert(
      fc.property(texts, (text) => {
        const once = normalise(text);
        if (typeof once === 'string') expect(normalise(once)).toBe(once);
      }),
      { seed: 14, numRuns: runs(2000) },
    );
  });
});

describe('null texts', () => {
  test('F-102 blanks and null texts are missing, before the steps and after them', async () => {
    const normalise = await normaliserOf(['lower'], ['NULL', 'n/a', 'na', '-']);
    const missing = ['', ' ', '\u00a0\ufeff', 'NULL', ' n/a\t', '-', 'na', 'NA'];
    for (const text of missing) expect([text, normalise(text)]).toEqual([text, MISSING]);
    expect([normalise('null'), normalise('n / a'), normalise(' Ann ')]).toEqual(['null', 'n / a', ' ann ']);
  });

  test('F-102 without a step a value keeps its blanks', async () => {
    const normalise = await normaliserOf([], ['n/a']);
    expect([normalise(' a '), normalise(' N/A '), normalise(' n/a ')]).toEqual([' a ', ' N/A ', MISSING]);
  });

  test('F-102 a value of which nothing is left is not understood', async () => {
    expect((await normaliserOf(['digits']))('n/a')).toBe(NOT_UNDERSTOOD);
  });

  test('F-102 steps are applied in their order', async () => {
    expect((await normaliserOf(['phone:DE', 'digits']))('030 901820')).toBe('4930901820');
    expect((await normaliserOf(['digits', 'phone:DE']))('+49 30 901820')).not.toBe('4930901820');
  });
});

describe('phone numbers', () => {
  test('F-108 the countries are those of the library', async () => {
    const { getCountries } = await import('libphonenumber-js/min');
    expect(PHONE_COUNTRIES).toEqual([...getCountries()].toSorted());
  });

  test('F-108 the version is the one that is installed, and no other can be', () => {
    interface Package {
      readonly version: string;
      readonly dependencies: Readonly<Record<string, string>>;
    }
    const read = (path: string): Package =>
      JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')) as Package;
    expect(read('package.json').dependencies['libphonenumber-js']).toBe(PHONES_VERSION);
    expect(read('node_modules/libphonenumber-js/package.json').version).toBe(PHONES_VERSION);
  });
});

test('equal normalisations share a function, and a column that is not normalised has none', async () => {
  const [one, other, none] = [{ normalise: ['trim'] }, { normalise: ['trim'] }, {}].map(parseNormalisation);
  if (one === undefined || other === undefined || none === undefined) throw new Error('three columns');
  const normalisers = await loadNormalisers([one, other, none]);
  expect(normalisers.of(one)).toBe(normalisers.of(other));
  expect(normalisers.of(none)).toBeNull();
});

describe('a hostile value', () => {
  const LENGTH = 200_000;
  const runs = [
    ' ',
    '\u00a0',
    '.',
    '-',
    '+',
    '@',
    '0',
    'a',
    'a.',
    '1 ',
    "'",
    'é',
    '\u0301\u0323',
    '\u{10d69}',
    '漢',
    '00:00 ',
  ];
  const texts = runs.flatMap((run) => {
    const many = run.repeat(LENGTH / run.length);
    return [many, `é${many}é`, `1${many}1`, `a${many}@b.c`, `+49${many}`, ` ${many}T00:00`];
  });

  test.each(STEPS)('costs %s a time that grows with its length, or is refused', async (step) => {
    const normalise = await normaliserOf([step]);
    const begin = performance.now();
    for (const text of texts) {
      try {
        normalise(text);
      } catch (error) {
        expect(error).toMatchObject({ code: 'DATA_LENGTH', hint: expect.stringContaining('no match key') as string });
      }
    }
    // What grows with the square takes minutes.
    expect(performance.now() - begin).toBeLessThan(10_000);
  });

  test('F-103 is refused by its run outside of ASCII, with its row', async () => {
    const normalise = await normaliserOf(['nfc']);
    const long = 'é'.repeat(4096);
    expect(normalise(`${long} ${long}`)).toBe(`${long} ${long}`);
    const column = byteColumnOf([encodeUtf8('a'), encodeUtf8(`${long}é`)]);
    expect(errorOf(() => normaliseColumn(column, normalise, noCounts()))).toMatchObject({
      code: 'DATA_LENGTH',
      message: 'a value that is normalised has at most 4096 characters in a row outside of ASCII',
      where: { row: 1 },
    });
  });
});
