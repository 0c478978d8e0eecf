import { expect, test } from 'vitest';
import { readText } from './repository.ts';

/** What becomes of a column: see test/vectors/types/README.md. */
interface Verdict {
  readonly type: string;
  readonly verdict: 'carried' | 'refused';
  readonly sealed?: boolean;
  readonly arrow?: string | null;
  readonly parquet?: string;
}

const FORMAT = readText('docs/format.md');
const VERDICTS = JSON.parse(readText('test/vectors/types/types.json')) as Readonly<
  Record<string, Readonly<Record<string, Verdict>>>
>;

/** The rows of the table in a clause, without its head. */
function tableOf(clause: string): string[][] {
  const from = FORMAT.indexOf(`**${clause}**`);
  const text = FORMAT.slice(from, FORMAT.indexOf('\n**F-', from + 1));
  const rows = text.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** The types in a cell: between commas that are in no brackets, up to what is said of them. */
function typesIn(cell: string | undefined): string[] {
  const [types = ''] = (cell ?? '').split(/;| with /);
  return types.split(/, (?![^(]*\))/);
}

function verdictsOf(end: string): Verdict[] {
  return Object.entries(VERDICTS).flatMap(([file, columns]) => (file.endsWith(end) ? Object.values(columns) : []));
}

/** A type without its numbers. */
function general(type: string): string {
  return type.replace(/^FIXED_LEN_BYTE_ARRAY\(\d+\)$/, 'FIXED_LEN_BYTE_ARRAY(n)');
}

test('F-89 the table has every type that is written as another one, and no other', () => {
  const told = tableOf('F-89').flatMap(([from, to]) => typesIn(from).map((type) => `${type}: ${typesIn(to)[0] ?? ''}`));
  const found = verdictsOf('.parquet').flatMap(({ type, parquet }) =>
    parquet === undefined || parquet === type ? [] : [`${general(type)}: ${parquet}`],
  );
  expect([...new Set(found)].sort()).toEqual([...told].sort());
});

test('F-140 the table says of every Arrow type what becomes of it', () => {
  const told = new Map(
    tableOf('F-140').flatMap(([from, as, output]) => typesIn(from).map((type) => [type, { as, output }] as const)),
  );
  const unused = new Set(told.keys());
  for (const { type, verdict, sealed, arrow } of verdictsOf('.arrow')) {
    const own = type.replace(/^(Dictionary|RunEndEncoded) of /, '');
    const [base = ''] = own.split('(');
    const places = [own.replace(', with zone', ''), base, own.replace(/\(\d+\)/, '(n)')];
    const place = places.find((name) => told.has(name)) ?? '';
    const row = told.get(place);
    unused.delete(place);
    if (verdict === 'refused' && base.startsWith('Decimal')) continue;
    expect(row, type).toBeDefined();
    expect(row?.as === 'refused', type).toBe(verdict === 'refused');
    if (verdict === 'refused') continue;
    expect(row?.as === 'cleartext only', type).toBe(sealed === false);
    const output = row?.output?.startsWith('the same') === true ? own : (row?.output ?? '');
    expect(arrow?.replace(', with zone', ''), type).toMatch(new RegExp(`^${output.split('(')[0] ?? ''}\\b`));
  }
  expect([...unused]).toEqual(['Decimals of more digits', 'or a negative scale']);
});
