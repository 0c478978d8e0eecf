import { decimalOf, readTypeName, TEXT, type ValueType } from '../ast/value-type.ts';
import { foldName, type StrictNode } from './strict-node.ts';

/** Names of types that the engine's parser leaves as they are where it expects a value, by the engine's names. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ...['varchar', 'string', 'text', 'char', 'character', 'nvarchar', 'bpchar'].map((name) => [name, 'VARCHAR'] as const),
  ...['int', 'integer', 'int4'].map((name) => [name, 'INTEGER'] as const),
  ...['bigint', 'long', 'int8'].map((name) => [name, 'BIGINT'] as const),
  ...['smallint', 'short', 'int2'].map((name) => [name, 'SMALLINT'] as const),
  ...['tinyint', 'byte'].map((name) => [name, 'TINYINT'] as const),
  ...['double', 'float8'].map((name) => [name, 'DOUBLE'] as const),
  ...['float', 'real', 'float4'].map((name) => [name, 'FLOAT'] as const),
  ...['boolean', 'bool'].map((name) => [name, 'BOOLEAN'] as const),
  ...['timestamp', 'timestamp_ntz', 'datetime'].map((name) => [name, 'TIMESTAMP'] as const),
  ['date', 'DATE'],
]);

const DECIMALS: ReadonlySet<string> = new Set(['decimal', 'dec', 'numeric']);

/** A whole number that is written in the query. */
function readNumber(node: StrictNode): number | null {
  if (node.text('class') !== 'CONSTANT') return null;
  node.text('type');
  node.text('alias');
  const value = node.node('value');
  const written = value.optional('value');
  value.skipAll();
  node.close();
  return typeof written === 'string' && /^\d{1,4}$/.test(written) ? Number(written) : null;
}

/** The way out of a conversion to a type that a room does not have. */
export const TYPE_HELP = 'Convert to a text, a number, BOOLEAN, DATE or TIMESTAMP.';

/** The type that a name or a call, such as `varchar(10)`, stands for in CONVERT; `null` if it is none. */
export function readWrittenType(node: StrictNode): ValueType | null {
  const kind = node.text('class');
  if (kind === 'COLUMN_REF') {
    const [name = '', ...more] = node.texts('column_names');
    node.skipAll();
    if (more.length > 0) return null;
    if (DECIMALS.has(foldName(name))) return decimalOf(10, 0);
    return readTypeName(NAMES.get(foldName(name)) ?? '');
  }
  if (kind !== 'FUNCTION') {
    node.skipAll();
    return null;
  }
  const name = foldName(node.text('function_name'));
  const [first = null, second = 0, ...more] = node.nodes('children').map(readNumber);
  node.skipAll();
  if (first === null || second === null || more.length > 0) return null;
  if (NAMES.get(name) === 'VARCHAR') return TEXT;
  return DECIMALS.has(name) ? readTypeName(`DECIMAL(${String(first)},${String(second)})`) : null;
}
