import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runs } from '../support/runs.ts';
import { CONTENTS, type Content, EXPECTED, LANGUAGES, valuesOf } from './corpus.ts';
import { adviseOn, field, suggest } from './support.ts';

const PERSONAL = CONTENTS.filter((content) => !EXPECTED[content].includes('cleartext') && content !== 'number');

describe.each(LANGUAGES)('a table from $code', (language) => {
  const columns = CONTENTS.map((content) => [field(language.headers[content]), valuesOf(content, language)] as const);
  const { advice } = suggest(columns);

  test('gets the proposal that any other language gets', () => {
    const kinds = Object.fromEntries(CONTENTS.map((content, index) => [content, advice[index]?.kinds.join(' ')]));
    expect(kinds).toEqual(EXPECTED);
  });

  test('has e-mail addresses and phone numbers normalised, those of the country', () => {
    expect(advice[CONTENTS.indexOf('email')]?.normalise).toEqual(['email']);
    const phones = advice[CONTENTS.indexOf('phone')];
    expect(phones).toMatchObject({ normalise: [`phone:${language.code}`], nulls: ['n/a'] });
  });
});

describe('what is personal', () => {
  const headers = LANGUAGES.flatMap((language) => PERSONAL.map((content) => language.headers[content]));
  const words = fc.constantFrom(
    ...LANGUAGES.flatMap(({ headers: all }) => Object.values(all)),
    'x',
    'total',
    'type',
    'id',
  );
  const values = fc.constantFrom(
    ...LANGUAGES.flatMap((language) => CONTENTS.map((content) => valuesOf(content, language))),
  );

  test('never comes out as cleartext, judging by any part of the header and whatever the values', () => {
    fc.assert(
      fc.property(fc.constantFrom(...headers), words, fc.boolean(), values, (personal, other, isFirst, column) => {
        const name = isFirst ? `${personal} ${other}` : `${other} ${personal}`;
        expect(adviseOn(field(name), column).kinds).not.toContain('cleartext');
      }),
      { seed: 14, numRuns: runs(400) },
    );
  });

  const personal = fc.constantFrom<Content>('email', 'iban');
  const open = fc.constantFrom<Content>('amount', 'quantity', 'date', 'status', 'country');
  const language = fc.constantFrom(...LANGUAGES);

  test('never comes out as cleartext, judging by a single value and whatever the header', () => {
    fc.assert(
      fc.property(
        words,
        personal,
        open,
        language,
        fc.integer({ min: 1, max: 120 }),
        (name, content, other, from, count) => {
          const column = [...valuesOf(content, from).slice(0, count), ...valuesOf(other, from).slice(count)];
          expect(adviseOn(field(name), column).kinds).not.toContain('cleartext');
        },
      ),
      { seed: 14, numRuns: runs(400) },
    );
  });
});

test('a table of customers gets equivalent proposals in German and in English', () => {
  const [english, german] = [LANGUAGES[0], LANGUAGES[1]];
  if (english === undefined || german === undefined) return expect.fail('no languages');
  const propose = (headers: Readonly<Record<Content, string>>): unknown =>
    suggest(CONTENTS.map((content) => [field(headers[content]), valuesOf(content, german)] as const)).advice.map(
      ({ kinds, normalise, nulls, what }) => ({ kinds, normalise, nulls, what }),
    );
  expect(propose(german.headers)).toEqual(propose(english.headers));
});
