import { quoteForMessage, SealroomError } from '../errors/index.ts';
import {
  isNormalised,
  type Normalisation,
  PHONES_VERSION,
  parseNormalisation,
  UNICODE_VERSION,
  usesPhones,
} from '../normalise/index.ts';
import { type Cursor, readUnique } from './cursor.ts';

/** The versions of the facts by which values are normalised, on which the members agreed. */
export interface NormalisationPin {
  /** The version of Unicode. */
  readonly unicode: string;
  /** The version of libphonenumber-js; `null` if no column has phone numbers. */
  readonly phones: string | null;
}

const VERSION = { pattern: /^\d{1,5}\.\d{1,5}\.\d{1,5}$/, words: 'a version such as `15.1.0`' };
const TEXT = { pattern: /^/, words: 'a text' };

/** Reads the pin at the top of a manifest. */
export function readPin(cursor: Cursor): NormalisationPin | null {
  if (!cursor.isGiven || !cursor.object(['unicode', 'phones'])) return null;
  const unicode = cursor.at('unicode').text(VERSION);
  const phones = cursor.at('phones').isGiven ? cursor.at('phones').text(VERSION) : null;
  return unicode === null ? null : Object.freeze({ unicode, phones });
}

/** Reads the `normalise` and `nulls` of a column as a schema has them; empty lists for what is wrong, which is noted. */
export function readNormalisation(column: Cursor): Normalisation {
  const read = (key: 'normalise' | 'nulls'): Normalisation => {
    const list = column.at(key);
    if (!list.isGiven) return parseNormalisation({});
    const texts = readUnique(list, (item) => {
      const text = item.text(TEXT);
      if (text === null) return null;
      try {
        parseNormalisation({ [key]: [text] });
        return text;
      } catch (error) {
        if (!(error instanceof SealroomError)) throw error;
        return item.refuse(error.message, error.hint);
      }
    });
    return parseNormalisation({ [key]: texts });
  };
  return Object.freeze({ normalise: read('normalise').normalise, nulls: read('nulls').nulls });
}

/** Notes a pin that is missing although columns are normalised: members with different releases would not match. */
//= format F-115
export function requirePin(cursor: Cursor, pin: NormalisationPin | null, columns: readonly Normalisation[]): void {
  const needed = pinOf(columns);
  // A broken pin was noted already.
  if (needed === null || (pin === null && cursor.isGiven)) return;
  if (pin === null) {
    cursor.refuse('columns are normalised, so this must be given', `write \`normalisation: ${printPin(needed)}\``);
  } else if (needed.phones !== null && pin.phones === null) {
    cursor
      .at('phones')
      .refuse('columns have phone numbers, so this must be given', `write \`phones: ${needed.phones}\``);
  }
}

/** The pin that this release gives to columns; `null` if none of them is normalised. */
export function pinOf(columns: readonly Normalisation[]): NormalisationPin | null {
  if (!columns.some(isNormalised)) return null;
  return Object.freeze({ unicode: UNICODE_VERSION, phones: columns.some(usesPhones) ? PHONES_VERSION : null });
}

function printPin({ unicode, phones }: NormalisationPin): string {
  return `{ unicode: ${unicode}${phones === null ? '' : `, phones: ${phones}`} }`;
}

/** A pin in words: `Unicode 15.1.0, phone numbers of libphonenumber-js 1.13.16`. */
export function describePin({ unicode, phones }: NormalisationPin): string {
  return `Unicode ${unicode}${phones === null ? '' : `, phone numbers of libphonenumber-js ${phones}`}`;
}

/** A normalisation in words: ``normalised by `email`, null texts `NULL` and `-` ``; empty for none. */
export function describeNormalisation({ normalise, nulls }: Normalisation): string {
  const steps = normalise.length === 0 ? [] : [`normalised by ${normalise.map(quoteForMessage).join(', ')}`];
  const texts = nulls.length === 0 ? [] : [`null texts ${nulls.map(quoteForMessage).join(', ')}`];
  return [...steps, ...texts].join(', ');
}
