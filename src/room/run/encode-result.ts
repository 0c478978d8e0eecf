import { Writable } from 'node:stream';
import { createTable } from '../../tabular/index.ts';
import { type Field } from '../../columns/index.ts';
import type { ResultColumn } from '../../query/index.ts';
import type { EngineResult } from './engine-process.ts';

/** Headers that are not blank and differ in more than case, as Parquet requires. */
function headersOf(columns: readonly ResultColumn[]): readonly string[] {
  const given = new Set(columns.map(({ name }) => name.toLowerCase()));
  const taken = new Set<string>();
  return columns.map(({ name }, index) => {
    const wanted = name.trim() === '' ? `column_${String(index + 1)}` : name;
    let header = wanted;
    for (let count = 1; taken.has(header.toLowerCase()); count += 1) {
      const candidate = `${wanted}_${String(count)}`;
      if (!given.has(candidate.toLowerCase())) header = candidate;
    }
    taken.add(header.toLowerCase());
    return header;
  });
}

/** The columns of a result, with their names in the result's table. */
export function nameColumns(columns: readonly ResultColumn[]): readonly ResultColumn[] {
  const headers = headersOf(columns);
  return columns.map(({ name, protection }, index) => ({ name: headers[index] ?? name, protection }));
}

/** A result as an Arrow stream, which keeps types, nulls and the order of rows. */
export async function encodeResult(columns: readonly ResultColumn[], result: EngineResult): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const stdout = new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      parts.push(chunk);
      done();
    },
  });
  const fields = result.types.map((type, index): Field => ({ name: columns[index]?.name ?? '', type }));
  const table = await createTable('-', fields, { format: 'arrow', stdout });
  for (const batch of result.batches) await table.write(batch);
  await table.close();
  return Buffer.concat(parts);
}
