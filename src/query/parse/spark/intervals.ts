import type { Draft } from './draft.ts';

const UNIT = /^(YEAR|QUARTER|MONTH|WEEK|DAY|HOUR|MINUTE|SECOND)S?$/u;
const YEARS_AND_MONTHS = /^'\s*([+-]?)(\d{1,4})-(\d{1,2})\s*'$/u;

/** `INTERVAL '1-2' YEAR TO MONTH` in months; other intervals from one unit to another are refused. */
function readRange(draft: Draft, index: number): void {
  const { reading } = draft;
  const [, sign = '', years, months = ''] = YEARS_AND_MONTHS.exec(reading.written(index + 1)) ?? [];
  const isYears = reading.word(index + 2) === 'YEAR' && reading.word(index + 4) === 'MONTH';
  if (!isYears || years === undefined || Number(months) > 11) {
    const help = "Write a sum of intervals of one unit: INTERVAL '1' DAY + INTERVAL '2' HOUR.";
    draft.refuse('UNSUPPORTED_NODE', index, 'this interval from one unit to another is not supported', help);
    return;
  }
  draft.replace(index + 1, `'${sign}${String(Number(years) * 12 + Number(months))}'`);
  draft.replace(index + 2, 'MONTH');
  draft.remove(index + 3, index + 5);
}

/** `INTERVAL 3 DAYS 4 HOURS`, with several numbers and units, as one text. */
function readSeveral(draft: Draft, index: number): void {
  const { reading } = draft;
  const parts: string[] = [];
  let next = index + 1;
  for (;;) {
    const isNegative = reading.written(next) === '-';
    const place = isNegative ? next + 1 : next;
    if (reading.kind(place) !== 'number' || !UNIT.test(reading.word(place + 1))) break;
    parts.push(`${isNegative ? '-' : ''}${reading.written(place)} ${reading.word(place + 1)}`);
    next = place + 2;
  }
  if (parts.length < 2) return;
  draft.replace(index + 1, `'${parts.join(' ')}'`);
  draft.remove(index + 2, next);
}

/** Intervals of Spark in the forms of DuckDB. */
export function readIntervals(draft: Draft): void {
  const { reading } = draft;
  for (let index = 0; index < reading.tokens.length; index += 1) {
    if (reading.word(index) !== 'INTERVAL') continue;
    const isRange = UNIT.test(reading.word(index + 2)) && reading.word(index + 3) === 'TO';
    if (isRange) readRange(draft, index);
    else readSeveral(draft, index);
  }
}
