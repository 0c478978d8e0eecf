import type { DecodedValue } from './value.ts';
import type { TimestampUnit } from './client-type.ts';
import { formatDouble, formatFloat } from './java-number.ts';

const TICKS_PER_DAY: Readonly<Record<TimestampUnit, bigint>> = {
  ms: 86_400_000n,
  us: 86_400_000_000n,
  ns: 86_400_000_000_000n,
};

const MICROSECONDS_PER_DAY = 86_400_000_000n;

interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/**
 * The proleptic Gregorian date of a day since 1970-01-01, by counting days in eras of 400 years that begin on 1 March.
 * Source: Howard Hinnant, https://howardhinnant.github.io/date_algorithms.html#civil_from_days
 */
function civilDateOf(daysSinceEpoch: number): CivilDate {
  const days = daysSinceEpoch + 719_468;
  const era = Math.floor(days / 146_097);
  const dayOfEra = days - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}

/** Formats a DATE as ISO text. */
//= format F-84
function renderDate(daysSinceEpoch: number): string {
  const { year, month, day } = civilDateOf(daysSinceEpoch);
  const sign = year > 9999 ? '+' : year < 0 ? '-' : '';
  return `${sign}${pad(Math.abs(year), 4)}-${pad(month, 2)}-${pad(day, 2)}`;
}

/** Formats a TIMESTAMP with six digits after the second. */
//= format F-85
function renderTimestamp(ticks: bigint, unit: TimestampUnit): string {
  const perDay = TICKS_PER_DAY[unit];
  const ticksOfDay = ((ticks % perDay) + perDay) % perDay;
  const { year, month, day } = civilDateOf(Number((ticks - ticksOfDay) / perDay));
  const yearOfEra = year > 0 ? year : 1 - year;
  const microseconds = Number((ticksOfDay * MICROSECONDS_PER_DAY) / perDay);
  const seconds = Math.floor(microseconds / 1_000_000);
  const date = `${yearOfEra > 9999 ? '+' : ''}${pad(yearOfEra, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
  const time = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
    .map((part) => pad(part, 2))
    .join(':');
  return `${date} ${time}.${pad(microseconds % 1_000_000, 6)}`;
}

/**
 * Formats a decoded value as decryption writes it to a CSV file; `null` for a null.
 *
 * Timestamps are rendered by UTC arithmetic whether or not they have a zone.
 */
//= format F-83
export function renderValue({ kind, type, value }: DecodedValue): string | null {
  if (value === null) return null;
  if (kind === 'float' && typeof value === 'number') return formatFloat(value);
  if (kind === 'double' && typeof value === 'number') return formatDouble(value);
  if (kind === 'date' && typeof value === 'number') return renderDate(value);
  if (type?.kind === 'timestamp' && typeof value === 'bigint') return renderTimestamp(value, type.unit);
  return String(value);
}
