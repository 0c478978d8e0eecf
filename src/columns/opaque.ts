import { encodeHex } from '../bytes/index.ts';

/** Ticks in a second of each type of a time of day, whose values are ticks since midnight in 8 bytes. */
const TICKS_PER_SECOND: Readonly<Record<string, bigint>> = {
  TIME_S: 1n,
  TIME_MS: 1000n,
  TIME: 1_000_000n,
  TIME_NS: 1_000_000_000n,
};

const UUID_BYTES = 16;

/**
 * The 16 bytes of a UUID from a value of the engine, which keeps a little-endian integer whose highest bit is inverted.
 *
 * @param values of a column of UUIDs
 */
export function uuidAt(values: Uint8Array, row: number): Uint8Array {
  const bytes = values.slice(row * UUID_BYTES, (row + 1) * UUID_BYTES).reverse();
  bytes[0] = (bytes[0] ?? 0) ^ 0x80;
  return bytes;
}

/** The engine's values for UUIDs that follow one another in `bytes`: the inverse of {@link uuidAt} for each. */
export function uuidValues(bytes: Uint8Array): Uint8Array {
  const values = bytes.slice();
  for (let start = 0; start < values.length; start += UUID_BYTES) {
    const value = values.subarray(start, start + UUID_BYTES);
    value[0] = (value[0] ?? 0) ^ 0x80;
    value.reverse();
  }
  return values;
}

/**
 * The text of a value that can only be carried, as the engine writes it: an integer in decimal, a time of day as `HH:MM:SS` with the
 * digits of its fraction but for zeros at the end, a UUID in lower case.
 *
 * @param engineType of a fixed width
 * @throws {TypeError} for a type that has no such text.
 */
export function textOfOpaque(engineType: string, values: Uint8Array, row: number): string {
  const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
  switch (engineType) {
    case 'TINYINT':
      return String(view.getInt8(row));
    case 'UTINYINT':
      return String(view.getUint8(row));
    case 'USMALLINT':
      return String(view.getUint16(row * 2, true));
    case 'UINTEGER':
      return String(view.getUint32(row * 4, true));
    case 'UBIGINT':
      return String(view.getBigUint64(row * 8, true));
    case 'UUID':
      return encodeHex(uuidAt(values, row)).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  }
  const perSecond = TICKS_PER_SECOND[engineType];
  if (perSecond === undefined) throw new TypeError(`values of ${engineType} as text`);
  return timeText(view.getBigInt64(row * 8, true), perSecond);
}

function timeText(ticks: bigint, perSecond: bigint): string {
  const seconds = ticks / perSecond;
  const parts = [seconds / 3600n, (seconds / 60n) % 60n, seconds % 60n];
  const digits = String(perSecond).length - 1;
  const fraction = String(ticks % perSecond)
    .padStart(digits, '0')
    .replace(/0+$/, '');
  const clock = parts.map((part) => String(part).padStart(2, '0')).join(':');
  return digits === 0 || fraction === '' ? clock : `${clock}.${fraction}`;
}
