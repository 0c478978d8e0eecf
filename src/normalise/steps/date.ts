import { trimValue } from '../blanks.ts';
import type { DateFormat } from '../step.ts';

/** Longest text that is read as a date, in characters. */
const MAX_DATE_LENGTH = 64;

/** Midnight, as exports of tables append it to dates. */
const MIDNIGHT = /(?:T| +)00:00(?::00(?:\.0+)?)?Z?$/;

const ISO = /^(?<year>[0-9]{4})-(?<month>[0-9]{2})-(?<day>[0-9]{2})$/;

const PARTS: Readonly<Record<string, string>> = {
  YYYY: '(?<year>[0-9]{4})',
  MM: '(?<month>[0-9]{1,2})',
  DD: '(?<day>[0-9]{1,2})',
};

function patternOf(format: DateFormat): RegExp {
  if (format === 'YYYYMMDD') return /^(?<year>[0-9]{4})(?<month>[0-9]{2})(?<day>[0-9]{2})$/;
  const pattern = format.replace(/[./]/g, '\\$&').replace(/YYYY|MM|DD/g, (part) => PARTS[part] ?? part);
  return new RegExp(`^${pattern}$`);
}

/** Days of a month of the Gregorian calendar, or 0 if there is no such month. */
function daysOf(year: number, month: number): number {
  if (month < 1 || month > 12) return 0;
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/**
 * Reads dates of a format, and dates that are already as ISO 8601 writes them.
 *
 * @returns a function from a text to `YYYY-MM-DD`, or to `null` if it is no date of these formats or not in the calendar.
 */
//= format F-112
export function dateReader(format: DateFormat): (text: string) => string | null {
  const pattern = patternOf(format);
  return (text) => {
    const trimmed = trimValue(text);
    if (trimmed.length > MAX_DATE_LENGTH) return null;
    const date = trimmed.replace(MIDNIGHT, '');
    const { year = '', month = '', day = '' } = (ISO.exec(date) ?? pattern.exec(date))?.groups ?? {};
    if (Number(year) < 1 || Number(day) < 1 || Number(day) > daysOf(Number(year), Number(month))) return null;
    return `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  };
}
