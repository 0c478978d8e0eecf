import fc from 'fast-check';
import { formatDecimal } from 'sealroom/crypto';
import type { ClientType, ClientValue, TypedValue } from 'sealroom/crypto';

const int16 = fc.integer({ min: -32_768, max: 32_767 });
const int32 = fc.integer({ min: -2_147_483_648, max: 2_147_483_647 });
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const text = fc.string({ unit: 'binary', maxLength: 40 });

function typed(type: ClientType, value: fc.Arbitrary<ClientValue>): fc.Arbitrary<TypedValue> {
  return value.map((one) => ({ type, value: one }));
}

const decimal = fc
  .tuple(fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }), fc.integer({ min: 1, max: 38 }))
  .map(([unscaled, scale]): TypedValue => {
    return { type: { kind: 'decimal', precision: 38, scale }, value: formatDecimal({ unscaled, scale }) };
  });

const timestamp = fc
  .tuple(fc.constantFrom<'ms' | 'us' | 'ns'>('ms', 'us', 'ns'), fc.boolean(), int64)
  .map(([unit, utc, value]): TypedValue => ({ type: { kind: 'timestamp', unit, utc }, value }));

const varchar = text.map((value): TypedValue => ({ type: { kind: 'varchar', maxLength: value.length }, value }));

/** Any value of any type; never null. */
export const typedValues: fc.Arbitrary<TypedValue> = fc.oneof(
  typed({ kind: 'string' }, text),
  typed({ kind: 'char' }, text),
  varchar,
  typed({ kind: 'bigint' }, int64),
  typed({ kind: 'int' }, int32),
  typed({ kind: 'smallint' }, int16),
  typed({ kind: 'boolean' }, fc.boolean()),
  typed({ kind: 'date' }, int32),
  typed({ kind: 'float' }, fc.float()),
  typed({ kind: 'double' }, fc.double()),
  decimal,
  timestamp,
);

/** Any value or null of any type. */
export const typedValuesAndNulls: fc.Arbitrary<TypedValue> = fc
  .tuple(typedValues, fc.integer({ min: 0, max: 4 }))
  .map(([one, chance]) => (chance === 0 ? { type: one.type, value: null } : one));

/** Integers in the three types of their class, small enough that equal ones are frequent. */
export const integers: fc.Arbitrary<TypedValue> = fc
  .tuple(fc.constantFrom<'smallint' | 'int' | 'bigint'>('smallint', 'int', 'bigint'), fc.integer({ min: -3, max: 3 }))
  .map(([kind, value]): TypedValue => ({ type: { kind }, value: kind === 'bigint' ? BigInt(value) : value }));

/** Short texts in the three types of their class. */
export const texts: fc.Arbitrary<TypedValue> = fc
  .tuple(
    fc.constantFrom<ClientType>({ kind: 'string' }, { kind: 'char' }, { kind: 'varchar', maxLength: 9 }),
    fc.constantFrom('', 'a', 'A', 'a ', 'é', 'e\u0301', '1'),
  )
  .map(([type, value]): TypedValue => ({ type, value }));

export const headers: fc.Arbitrary<string> = fc.stringMatching(/^[a-z0-9_]([a-z0-9_ ]{0,30}[a-z0-9_])?$/u);
