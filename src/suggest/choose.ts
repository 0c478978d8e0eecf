import type { ColumnKind } from '../schema/index.ts';
import type { ColumnFacts } from './column-facts.ts';
import type { PersonalMeaning } from './header-words.ts';

/** A choice before the collaboration's settings and the column's type are considered. */
export interface Choice {
  /** What the column holds, in a word or two. */
  readonly what: string;
  /** The kinds of its target columns. */
  readonly kinds: readonly ColumnKind[];
  readonly reason: string;
  readonly warnings: readonly string[];
  /** How match keys of this sort are normalised; for its fingerprint column. */
  readonly normalise: readonly string[];
}

const IDENTIFIER_SHARE = 0.8;
const TYPE_SHARE = 0.95;
const COUNTRY_CODE_SHARE = 0.5;

/** The shapes of values that are about a person, whatever their column is called. */
const PERSONAL_SHAPES = ['email', 'iban', 'ip', 'phone', 'hash', 'uuid'] as const;

const TO_SEE_AGAIN = 'one to join on, one to see who it was';

const ANYONE_CAN_TRY = 'whoever has the secret can try them all, and so open their fingerprints';

const seal = (what: string, reason: string, warnings: readonly string[] = []): Choice => ({
  what,
  kinds: ['sealed'],
  reason,
  warnings,
  normalise: [],
});

const open = (what: string, reason: string, warnings: readonly string[]): Choice => ({
  what,
  kinds: ['cleartext'],
  reason,
  warnings,
  normalise: [],
});

function identify(
  facts: ColumnFacts,
  what: string,
  normalise: readonly string[],
  ...warnings: readonly string[]
): Choice {
  return {
    what,
    kinds: ['fingerprint', 'sealed'],
    reason: `${what}${facts.isUnique ? ', nearly all different' : ''}: ${TO_SEE_AGAIN}`,
    warnings,
    normalise: normalise.filter((step) => isNeeded(step, facts)),
  };
}

/** Steps that do nothing to the values are not proposed: C3R can read a schema without any. */
function isNeeded(step: string, { profile: { statistics } }: ColumnFacts): boolean {
  if (step === 'trim') return statistics.outerBlanks > 0;
  return step === 'lower' ? statistics.capitals > 0 : true;
}

/** What the columns of people hold, in messages. */
const PERSONAL_WORDS: Readonly<Record<PersonalMeaning, string>> = {
  email: 'e-mail addresses',
  phone: 'phone numbers',
  iban: 'account numbers',
  'tax-number': 'tax or identity numbers',
  'birth-date': 'dates of birth or ages',
  'ip-address': 'addresses of devices',
  sensitive: 'sensitive personal data',
  postcode: 'postcodes',
  address: 'addresses',
  city: 'places',
  gender: 'gender or form of address',
  note: 'notes in free text',
  name: 'names',
};

/** By content alone: values of these shapes are personal, whatever the header says. */
function chooseByContent(facts: ColumnFacts): Choice | null {
  if (facts.share('email') >= IDENTIFIER_SHARE) return identify(facts, 'e-mail addresses', ['email']);
  if (facts.share('iban') >= IDENTIFIER_SHARE) {
    const warning =
      'an IBAN in groups does not match one without blanks: if members write them differently, remove blanks first';
    return identify(facts, 'IBANs', ['trim'], warning);
  }
  if (facts.share('uuid') >= IDENTIFIER_SHARE) return identify(facts, 'UUIDs', ['trim', 'lower']);
  if (facts.share('hash') >= IDENTIFIER_SHARE) {
    const warning =
      'a hash of an e-mail address or phone number can be guessed as easily as the address or number itself';
    return identify(facts, 'hashes, as of e-mail addresses', ['trim', 'lower'], warning);
  }
  if (facts.share('ip') >= IDENTIFIER_SHARE) return seal('IP addresses', 'IP addresses: personal data');
  return isPhone(facts)
    ? identify(facts, 'phone numbers', ['phone'], `there are few phone numbers: ${ANYONE_CAN_TRY}`)
    : null;
}

/** Numbers of a phone header, or numbers most of which have a country code. */
function isPhone(facts: ColumnFacts): boolean {
  if (facts.personal === 'phone') return facts.share('phone', 'integer') >= IDENTIFIER_SHARE;
  const withCode = Object.values(facts.profile.phoneCountries).reduce((sum, count) => sum + count, 0);
  return facts.share('phone', 'integer') >= IDENTIFIER_SHARE && withCode / facts.values >= COUNTRY_CODE_SHARE;
}

function choosePersonal(facts: ColumnFacts, personal: PersonalMeaning): Choice {
  const what = PERSONAL_WORDS[personal];
  const isNumber = personal === 'iban' || personal === 'tax-number';
  if ((isNumber || facts.isKeyed) && !facts.isCategory && facts.share('phrase') < IDENTIFIER_SHARE) {
    return isNumber
      ? identify(facts, what, ['trim'], `such numbers follow rules: ${ANYONE_CAN_TRY}`)
      : identify(facts, 'identifiers', ['trim']);
  }
  return seal(what, `${what}, judging by the header: personal data`);
}

function chooseDate(facts: ColumnFacts): Choice {
  if (!facts.meanings.has('date')) return seal('dates', 'dates, of what the header does not tell');
  const unclear = isUnclearDate(facts) ? ['some dates can be read with the day or with the month first'] : [];
  return open('dates', 'dates: grouping and filtering by time need cleartext', [
    'exact dates can identify people when combined with other cleartext columns; seal it if they are personal',
    ...unclear,
  ]);
}

/** Whether no date tells if the day or the month comes first, or dates contradict each other. */
function isUnclearDate({ profile: { dateOrders } }: ColumnFacts): boolean {
  const [days, months] = [dateOrders['day-first'] > 0, dateOrders['month-first'] > 0];
  return (days && months) || (dateOrders.unclear > 0 && !days && !months);
}

function chooseCategory(facts: ColumnFacts): Choice {
  const number = `${String(facts.distinct)} different value${facts.distinct === 1 ? '' : 's'}`;
  return open('categories', `only ${number}: grouping and filtering need cleartext`, [
    `frequency analysis breaks a fingerprint of it (${number}); seal it if it is confidential`,
  ]);
}

/** Whether few values occur often, under a header that speaks of categories. */
function isOpenCategory(facts: ColumnFacts): boolean {
  const isNamed = facts.meanings.has('category') || facts.meanings.has('flag') || facts.meanings.has('date');
  return isNamed && facts.isCategory && !facts.isNumbered;
}

function chooseNumber(facts: ColumnFacts): Choice {
  if (facts.meanings.has('measure') && !facts.isNumbered) {
    const commas =
      facts.share('decimal-comma') > 0 ? ['decimal commas: a query sees text; `number:comma` makes numbers of it'] : [];
    return open('measures', 'a numeric measure: sums and averages need cleartext', [
      'the members and the query runner can read it; seal it if it is confidential',
      ...commas,
    ]);
  }
  if (isOpenCategory(facts)) return chooseCategory(facts);
  if (facts.meanings.has('identifier') || facts.isNumbered) return identify(facts, 'identifiers', ['trim']);
  return seal('numbers', 'numbers, of what the header does not tell', [
    'if sums need it, make it cleartext; if members join on it, add a fingerprint',
  ]);
}

function chooseText(facts: ColumnFacts): Choice {
  const byContent = chooseByContent(facts);
  if (byContent !== null) return byContent;
  if (facts.personal !== null) return choosePersonal(facts, facts.personal);
  if (facts.share('date') >= TYPE_SHARE) return chooseDate(facts);
  if (facts.share('integer', 'number', 'decimal-comma') >= TYPE_SHARE) return chooseNumber(facts);
  if (isOpenCategory(facts)) return chooseCategory(facts);
  const isKey = facts.meanings.has('identifier') || facts.isNumbered;
  if (isKey && facts.share('phrase') < IDENTIFIER_SHARE) return identify(facts, 'identifiers', ['trim']);
  if (facts.isUnique && facts.share('code', 'integer') >= IDENTIFIER_SHARE) {
    return seal('codes', 'codes, of what the header does not tell', ['if members join on it, add a fingerprint']);
  }
  return seal('text', 'not understood: sealed, so that nobody can read it by mistake');
}

/** Chooses the kinds of a column's targets. What is not understood is sealed; what is personal is never cleartext. */
export function choose(facts: ColumnFacts): Choice {
  const choice = chooseByRules(facts);
  // One address among numbers is a person's.
  if (!choice.kinds.includes('cleartext') || facts.share(...PERSONAL_SHAPES) === 0) return choice;
  return seal(choice.what, `${choice.what}, but some values look like addresses, numbers or keys of people`);
}

function chooseByRules(facts: ColumnFacts): Choice {
  const { content } = facts.profile.column;
  if (facts.values === 0) return seal('nothing', 'no values in the rows that were looked at');
  if (content === 'text') return chooseText(facts);
  if (content === 'uuid') return identify(facts, 'UUIDs', []);
  if (facts.personal !== null) return choosePersonal(facts, facts.personal);
  switch (content) {
    case 'integer':
    case 'number':
      return chooseNumber(facts);
    case 'date':
      return chooseDate(facts);
    case 'boolean':
      return facts.meanings.has('flag') || facts.meanings.has('category')
        ? chooseCategory(facts)
        : seal('yes or no', 'yes or no, to what the header does not tell');
    case 'other':
      return seal('unknown', 'its type says nothing about its content');
  }
}
