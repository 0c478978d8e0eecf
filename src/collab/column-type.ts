import { didYouMean, quoteForMessage } from '../errors/index.ts';

/** A family of types; values of different families are never compared. */
export type TypeFamily = 'text' | 'number' | 'date' | 'timestamp' | 'boolean';

/** The SQL types that a column of a room can have, besides `DECIMAL(precision,scale)`. */
const FAMILIES = {
  VARCHAR: 'text',
  BOOLEAN: 'boolean',
  TINYINT: 'number',
  SMALLINT: 'number',
  INTEGER: 'number',
  BIGINT: 'number',
  FLOAT: 'number',
  DOUBLE: 'number',
  DATE: 'date',
  TIMESTAMP: 'timestamp',
} as const satisfies Readonly<Record<string, TypeFamily>>;

const NAMES: ReadonlyMap<string, TypeFamily> = new Map(Object.entries(FAMILIES));

const DECIMAL = /^DECIMAL\(([1-9]\d?),(0|[1-9]\d?)\)$/;

const MAX_PRECISION = 38;

/**
 * The family of a SQL type as a room has it, such as `BIGINT` or `DECIMAL(18,2)`, or `null` if it is none of them. Case matters. A
 * decimal has a precision of 1 to 38 digits, and a scale of at most the precision.
 */
export function familyOf(type: string): TypeFamily | null {
  const family = NAMES.get(type);
  if (family !== undefined) return family;
  const [, precision, scale] = DECIMAL.exec(type) ?? [];
  if (precision === undefined || scale === undefined) return null;
  return Number(precision) <= MAX_PRECISION && Number(scale) <= Number(precision) ? 'number' : null;
}

/** What Glue, Spark, Redshift and AWS Clean Rooms' own API call the types of a room, by the room's name. */
const OTHER_NAMES: Readonly<Record<keyof typeof FAMILIES, readonly string[]>> = {
  VARCHAR: [
    ...['CHAR', 'CHARACTER', 'CHARACTER VARYING', 'NCHAR', 'NVARCHAR', 'BPCHAR', 'TEXT', 'STRING'],
    ...['CHARACTER_VARYING', 'NATIONAL CHARACTER', 'NATIONAL CHARACTER VARYING'],
  ],
  BOOLEAN: ['BOOL'],
  TINYINT: ['BYTE', 'INT1'],
  SMALLINT: ['SHORT', 'INT2'],
  INTEGER: ['INT', 'INT4'],
  BIGINT: ['LONG', 'INT8'],
  FLOAT: ['REAL', 'FLOAT4'],
  DOUBLE: ['DOUBLE PRECISION', 'DOUBLE_PRECISION', 'FLOAT8'],
  DATE: [],
  TIMESTAMP: [
    ...['TIMESTAMP_NTZ', 'TIMESTAMP WITHOUT TIME ZONE', 'DATETIME'],
    // Instants: a load brings them to UTC, and a text with a time zone is refused there.
    ...['TIMESTAMP_LTZ', 'TIMESTAMPTZ', 'TIMESTAMP WITH TIME ZONE', 'TIMESTAMP WITH LOCAL TIME ZONE'],
  ],
};

const CANONICAL: ReadonlyMap<string, string> = new Map(
  Object.entries(OTHER_NAMES).flatMap(([type, names]) => [type, ...names].map((name) => [name, type] as const)),
);

const DECIMALS: ReadonlySet<string> = new Set(['DECIMAL', 'DEC', 'NUMERIC']);

/** Glue's and Spark's meaning of a decimal without digits. */
const PLAIN_DECIMAL = 'DECIMAL(10,0)';

const AS_TEXT = 'write its values as text and declare VARCHAR, or leave the column out';
const LEFT_OUT = 'leave the column out, or put each part that is needed into a column of its own';

/** Types that a room does not have, and what to do about a column of each. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ...['ARRAY', 'STRUCT', 'MAP', 'SUPER', 'VARIANT', 'LIST', 'ROW', 'UNION', 'JSON'].map((n) => [n, LEFT_OUT] as const),
  ...['BINARY', 'VARBINARY', 'VARBYTE', 'BINARY VARYING', 'BYTEA', 'BLOB'].map(
    (n) => [n, 'write its bytes as hexadecimal text and declare VARCHAR, or leave the column out'] as const,
  ),
  ...['INTERVAL', 'CALENDARINTERVAL'].map(
    (n) => [n, 'write a number of days, months or seconds and declare BIGINT, or leave the column out'] as const,
  ),
  ...['TIME', 'TIMETZ', 'TIME WITHOUT TIME ZONE', 'TIME WITH TIME ZONE', 'UUID', 'ENUM', 'BIT'].map(
    (n) => [n, AS_TEXT] as const,
  ),
  ...['GEOMETRY', 'GEOGRAPHY', 'HLLSKETCH', 'VOID', 'NULL'].map((n) => [n, 'leave the column out'] as const),
  ...['HUGEINT', 'UHUGEINT', 'UBIGINT'].map(
    (n) => [n, 'declare DECIMAL(38,0) for whole numbers of that size'] as const,
  ),
]);

/** What a name of a type means in a room: the room's name for it, or why a room does not have it. */
export type TypeName =
  | { readonly kind: 'known'; readonly type: string }
  | { readonly kind: 'refused'; readonly message: string; readonly hint: string };

/** More than any name of a type that is known. */
const MAX_CHARACTERS = 200;

const TYPES_IN_WORDS = `${[...NAMES.keys()].join(', ')}, DECIMAL(precision,scale)`;

function refused(message: string, hint: string): TypeName {
  return { kind: 'refused', message, hint };
}

/** `NAME`, `NAME(1)`, `NAME(1, 2) REST`, `NAME<…>`; white space has been made one blank. */
const WRITTEN = /^([A-Z][A-Z0-9_]*(?: [A-Z][A-Z0-9_]*)*) ?(?:\( ?(\d{1,6}|MAX) ?(?:, ?(\d{1,3}) ?)?\))?((?: [A-Z]+)*)$/;

function unknownType(text: string, hint?: string): TypeName {
  return refused(`unknown SQL type ${quoteForMessage(text)}`, hint ?? `types are ${TYPES_IN_WORDS}`);
}

function readDecimal(name: string, precision: string | undefined, scale: string | undefined): TypeName {
  if (precision === undefined) return { kind: 'known', type: PLAIN_DECIMAL };
  const type = `DECIMAL(${precision},${scale ?? '0'})`;
  if (familyOf(type) !== null) return { kind: 'known', type };
  return refused(
    `${name} has a precision of 1 to ${String(MAX_PRECISION)} digits, and a scale of at most the precision`,
    'write DECIMAL(18,2), for example',
  );
}

/**
 * Reads the name of a SQL type as Glue, Spark, Redshift or a room writes it, in either case: `varchar(256)`, `STRING`, `long`,
 * `decimal(10, 2)`. The length of a text is not enforced. A decimal without digits is Glue's and Spark's `DECIMAL(10,0)`. A type with
 * a time zone is a TIMESTAMP in UTC.
 */
export function parseTypeName(text: string): TypeName {
  if (text.length > MAX_CHARACTERS || !/^[\x20-\x7e]+$/.test(text)) return unknownType(text);
  const written = text.replace(/ +/g, ' ').trim().toUpperCase();
  const bare = /^[A-Z]+/.exec(written)?.[0] ?? '';
  const [, base = '', first, second, rest = ''] = WRITTEN.exec(written) ?? [];
  const name = `${base}${rest}`;
  // The names of nested types and of intervals go on in many ways.
  const hint =
    REFUSED.get(name) ?? (/^(ARRAY|STRUCT|MAP|INTERVAL|ROW|UNION)\b/.test(written) ? REFUSED.get(bare) : null);
  if (hint !== undefined && hint !== null)
    return refused(`a room has no values of type ${name === '' ? bare : name}`, hint);
  if (DECIMALS.has(name)) return readDecimal(name, first, second);
  const type = CANONICAL.get(name);
  const isLength = first === undefined || (second === undefined && hasLength(name, type, first));
  if (type !== undefined && isLength) return { kind: 'known', type };
  if (type !== undefined) return refused(`${name} takes no such number in parentheses`, `write ${type}`);
  return unknownType(text, didYouMean(base === '' ? bare : base, [...CANONICAL.keys(), ...DECIMALS]));
}

/** Whether a type may have a number in parentheses: the length of a text, or the digits of a second that a room has as well. */
function hasLength(name: string, type: string | undefined, length: string): boolean {
  if (type === 'VARCHAR') return !['TEXT', 'STRING'].includes(name) && length !== '0';
  return type === 'TIMESTAMP' && /^[0-6]$/.test(length);
}
