import { fieldKey, nullRuleOf, parseCsv } from './csv-text.ts';
import type { Grid } from './grid.ts';
import { readTextFile } from './json.ts';

/** The headers and fields of a CSV text; nothing, `""` and text are told apart, and quotes are otherwise not. */
function gridOfCsv(text: string): Grid {
  const [header, ...rows] = parseCsv(text).map(({ fields }) => fields);
  const headers = (header ?? []).map((field) => field.text);
  return {
    headers,
    columns: headers.map((_, column) =>
      rows.map((fields) => {
        const field = fields[column];
        return field === undefined ? 'missing' : fieldKey(field);
      }),
    ),
  };
}

/** As {@link gridOfCsv}, of a file. */
export async function readCsvGrid(path: string): Promise<Grid> {
  return gridOfCsv(await readTextFile(path));
}

/** How a value is written to CSV under an output null text, in the words of {@link gridOfCsv}. */
function writtenKey(value: string | null, outputNull: string | undefined): string {
  const hasToken = outputNull !== undefined && outputNull !== '';
  if (value === null) return hasToken ? `=${outputNull}` : 'nothing';
  if (value !== '') return `=${value}`;
  return hasToken && outputNull.trim() !== '' ? 'nothing' : 'empty';
}

/** The values of a CSV text as they are written again: under one null text in, another out. Without header row, all records. */
export function rewrittenGrid(
  text: string,
  nulls: { readonly inputNull: string | undefined; readonly outputNull: string | undefined },
  headerRow: boolean,
): Grid {
  const records = parseCsv(text).map(({ fields }) => fields);
  const valueOf = nullRuleOf(nulls.inputNull);
  const rows = headerRow ? records.slice(1) : records;
  const headers = (records[0] ?? []).map((field, index) => (headerRow ? field.text : `_c${String(index)}`));
  return {
    headers,
    columns: headers.map((_, column) =>
      rows.map((fields) => {
        const field = fields[column];
        return field === undefined ? 'missing' : writtenKey(valueOf(field), nulls.outputNull);
      }),
    ),
  };
}
