import { encodeF32, encodeF64, encodeUtf8 } from '../bytes/index.ts';
import type { TimeUnit } from '../columns/index.ts';

const TICKS_PER_SECOND: Readonly<Record<TimeUnit, bigint>> = { ms: 1_000n, us: 1_000_000n, ns: 1_000_000_000n };

/** `i64 seconds since the epoch ‖ i32 nanoseconds`, from 0 to 999,999,999, in any unit. */
export function encodeTime(ticks: bigint, unit: TimeUnit): Uint8Array {
  const perSecond = TICKS_PER_SECOND[unit];
  const rest = ((ticks % perSecond) + perSecond) % perSecond;
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  view.setBigInt64(0, (ticks - rest) / perSecond);
  view.setInt32(8, Number((rest * TICKS_PER_SECOND.ns) / perSecond));
  return bytes;
}

/** IEEE 754, big-endian, with one NaN. */
export function encodeNumber(value: number, type: 'float' | 'double'): Uint8Array {
  // Files hold NaN in many forms, which text has not.
  const number = Number.isNaN(value) ? NaN : value;
  return type === 'float' ? encodeF32(number) : encodeF64(number);
}

/** Plain notation with all digits of the fraction. */
export function encodeDecimal(unscaled: bigint, scale: number): Uint8Array {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const point = digits.length - scale;
  const fraction = scale === 0 ? '' : `.${digits.slice(point)}`;
  return encodeUtf8(`${unscaled < 0n ? '-' : ''}${digits.slice(0, point)}${fraction}`);
}
