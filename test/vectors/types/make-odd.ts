import { writeFileSync } from 'node:fs';
import { CONVERTED, LOGICAL, type ParquetColumn, parquetFile, PLAIN } from '../../tabular/parquet/parquet-file.ts';

// Makes odd.parquet: types of Parquet that pyarrow does not write. `npx tsx test/vectors/types/make-odd.ts`; what must become of each
// column is in types.json, which is written by hand.

const ROWS = 3;

/** A column whose second row has the value of the first, as the writer knows no nulls. */
function column(name: string, traits: Omit<ParquetColumn, 'name' | 'values'>, first: Buffer, last: Buffer): ParquetColumn {
  return { name, ...traits, values: [first, first, last] };
}

const point = (x: string): Buffer => PLAIN.bytes(Buffer.from(`0101000000${x}0000000000000040`, 'hex'));
const [TWO, THIRTY_TWO] = [point('0000000000000040'), point('0000000000004040')];
const decimal = { converted: CONVERTED.DECIMAL, precision: 5, scale: 2, logical: LOGICAL.decimal(5, 2) };
const wide = { converted: CONVERTED.DECIMAL, precision: 50, scale: 2, logical: LOGICAL.decimal(50, 2) };
const [ZERO, ONE, LAST] = [PLAIN.int32(0), PLAIN.int32(1), PLAIN.int32(86_399_999)];
const [LONG_ONE, LONG_LAST] = [PLAIN.int64(1n), PLAIN.int64(86_399_999_999n)];

const COLUMNS: readonly ParquetColumn[] = [
  column('enum', { physical: 'BYTE_ARRAY', logical: LOGICAL.enumeration, converted: 4 }, PLAIN.bytes('a'), PLAIN.bytes('é')),
  column('bson', { physical: 'BYTE_ARRAY', logical: LOGICAL.bson }, PLAIN.bytes('a'), PLAIN.bytes('b')),
  column('geometry', { physical: 'BYTE_ARRAY', logical: LOGICAL.geometry }, TWO, THIRTY_TWO),
  column('geography', { physical: 'BYTE_ARRAY', logical: LOGICAL.geography }, TWO, THIRTY_TWO),
  column('decimal_bytes', { physical: 'BYTE_ARRAY', ...decimal }, PLAIN.bytes(Buffer.of(0xff)), PLAIN.bytes(Buffer.of(1))),
  column('decimal_int32', { physical: 'INT32', ...decimal }, PLAIN.int32(-1), ONE),
  column('decimal_int64', { physical: 'INT64', ...decimal }, PLAIN.int64(-1n), LONG_ONE),
  column('decimal_fixed', { physical: 'FIXED_LEN_BYTE_ARRAY', typeLength: 3, ...decimal }, Buffer.from('ffffff', 'hex'), Buffer.from('000001', 'hex')),
  column('decimal_wide', { physical: 'BYTE_ARRAY', ...wide }, PLAIN.bytes(Buffer.of(0xff)), PLAIN.bytes(Buffer.of(1))),
  column('time_ms_utc', { physical: 'INT32', logical: LOGICAL.time('ms', true), converted: 7 }, ONE, LAST),
  column('time_us_utc', { physical: 'INT64', logical: LOGICAL.time('us', true), converted: 8 }, LONG_ONE, LONG_LAST),
  column('time_ns_utc', { physical: 'INT64', logical: LOGICAL.time('ns', true) }, LONG_ONE, LONG_LAST),
  column('old_time', { physical: 'INT32', converted: 7 }, ONE, LAST),
  column('old_timestamp', { physical: 'INT64', converted: CONVERTED.TIMESTAMP_MILLIS }, PLAIN.int64(0n), LONG_ONE),
  column('old_unsigned', { physical: 'INT32', converted: CONVERTED.UINT_32 }, ZERO, PLAIN.int32(-1)),
  column('int96', { physical: 'INT96' }, Buffer.from('00000000000000008c3d2500', 'hex'), Buffer.from('00ca9a3b000000008c3d2500', 'hex')),
  column('interval', { physical: 'FIXED_LEN_BYTE_ARRAY', typeLength: 12, converted: CONVERTED.INTERVAL }, Buffer.from('010000000200000003000000', 'hex'), Buffer.alloc(12)),
  column('half', { physical: 'FIXED_LEN_BYTE_ARRAY', typeLength: 2, logical: LOGICAL.float16 }, Buffer.from('003c', 'hex'), Buffer.from('00bc', 'hex')),
  column('repeated', { physical: 'INT32', repetition: 'repeated' }, ONE, LAST),
];

writeFileSync(new URL('odd.parquet', import.meta.url), parquetFile(COLUMNS, ROWS));
