/**
 * Texts that stand for a missing value, in lower case and without blanks at their ends. They match whatever their case.
 *
 * Listed in docs/schemas.md.
 */
export const PLACEHOLDER_WORDS: readonly string[] = [
  ...['null', '(null)', '<null>', '\\n', 'nil', 'none', 'nan', 'na', 'n/a', '#n/a', 'n.a.', 'n.a', 'nd', 'n.d.', 's/d'],
  ...['-', '--', '---', '.', '..', '...', '?', '??', '???', '_', '/', 'x', 'xx', 'xxx', 'xxxx', 'tbd', 'todo'],
  ...[
    'unknown',
    'undefined',
    'missing',
    'empty',
    'void',
    'blank',
    'not available',
    'not applicable',
    'no data',
    'no value',
  ],
  ...['anonymous', 'test', 'dummy', 'example', 'asdf', 'qwerty'],
  ...['unbekannt', 'leer', 'keine', 'keine angabe', 'k.a.', 'k. a.', 'ohne', 'entfällt', 'anonym'],
  ...['inconnu', 'inconnue', 'aucun', 'aucune', 'non renseigné', 'vide', 'néant'],
  ...['desconocido', 'ninguno', 'sin datos', 'sin dato', 'vacío', 'no consta'],
  ...['sconosciuto', 'nessuno', 'vuoto', 'non disponibile'],
  ...['desconhecido', 'nenhum', 'sem dados', 'vazio'],
  ...['onbekend', 'geen', 'leeg', 'n.v.t.', 'nvt'],
  ...['nieznany', 'nieznane', 'brak', 'brak danych', 'puste'],
  ...['okänd', 'okänt', 'saknas', 'ingen', 'inget', 'ukendt', 'ukjent', 'mangler', 'tom', 'tomt'],
  ...[
    'tuntematon',
    'ei tiedossa',
    'puuttuu',
    'tyhjä',
    'neznámý',
    'neznámé',
    'žádný',
    'prázdné',
    'ismeretlen',
    'nincs',
    'necunoscut',
  ],
];

const WORDS: ReadonlySet<string> = new Set(PLACEHOLDER_WORDS);

/** Dates that systems write where there is none: `1900-01-01`, `01.01.1970`, `12/31/9999`, `0000-00-00`, … */
const EMPTY_DATE =
  /^((0000|0001|1900|1970|9999)[-/.]?(00[-/.]?00|01[-/.]?01|12[-/.]?31)|(00[-/.]00|01[-/.]01|(31[-/.]12|12[-/.]31))[-/.](0000|0001|1900|1970|9999))([t ]00:00(:00)?.*)?$/;

/** `000`, `0000000000`, `999999`, `111-111-1111`: one digit and nothing else, three zeros or six of another. */
const ONE_DIGIT = /^\+?(0[-/. ]?){3,}$|^\+?([1-9])[-/. ]?(?:\2[-/. ]?){5,}$/;

/** What placeholders of digits begin with, and no other does. */
const NUMERIC_START = /^[+\d]/;

/** `test@…`, `none@…`: e-mail addresses that somebody typed to get past a form. */
const EMPTY_EMAIL =
  /^(test|tests?\d{1,3}|none|no|na|n\/a|null|nil|nobody|noone|no-?reply|no-?e?mail|no-?name|unknown|dummy|fake|asdf|abc|xx+|keine?|unbekannt|inconnu)@/;

/** Longer texts are not looked up. */
const MAX_PLACEHOLDER_CHARACTERS = 48;

/** The kinds of placeholders: a `text` that a null text can replace, or an `email`, which is a value of its own. */
export type PlaceholderKind = 'text' | 'email';

/** Whether a value stands for a missing one, judging by its text alone; `null` if not. Blank text is not a placeholder. */
export function placeholderKind(value: string): PlaceholderKind | null {
  if (value.length > MAX_PLACEHOLDER_CHARACTERS) return null;
  const text = value.trim().toLowerCase();
  // Most values are none: what each kind begins with, or contains, tells which ones need no closer look.
  if (NUMERIC_START.test(text)) return ONE_DIGIT.test(text) || EMPTY_DATE.test(text) ? 'text' : null;
  if (text.includes('@')) return EMPTY_EMAIL.test(text) ? 'email' : null;
  return WORDS.has(text) ? 'text' : null;
}

/** A placeholder that is no word, such as `000000`, is a null text if it occurs this often: once, it may be a value. */
export const MIN_PLACEHOLDERS = 2;
