import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { parseCollaborationId, parseSharedSecret } from 'sealroom/crypto';
import { parseTableSchema, type TableSchema } from 'sealroom/schema';
import { openTable, type OpenOptions, type TableReader } from 'sealroom/tabular';
import { describe, expect, test } from 'vitest';
import { FRESH_MEMORY } from '#src/bytes/arena';
import type { Batch } from '#src/columns/batch';
import { SealroomError } from '#src/errors/sealroom-error';
import { loadNormalisers } from '#src/normalise/index';
import { PLACE_BYTES } from '#src/protect/encrypt/core/duplicates';
import { type EncryptPlan, planEncryption } from '#src/protect/encrypt/core/plan';
import { ReportCollector } from '#src/protect/encrypt/core/report';
import { gatherColumns, rowStarts } from '#src/protect/encrypt/core/row-format';
import { RowIngest } from '#src/protect/encrypt/core/row-ingest';
import { matchSources } from '#src/protect/encrypt/core/sources';
import { Dealer } from '#src/protect/encrypt/lines/dealer';
import { PIECE_NUMBERS } from '#src/protect/encrypt/lines/deal-setup';
import { loadPart } from '#src/protect/encrypt/lines/part-store';
import { TableDeal, type TableDealInput } from '#src/protect/encrypt/lines/table-deal';
import { openCsvStart } from '#src/tabular/index';
import { ID, SECRET } from '../../../support/cli.ts';
import { runs } from '../../../support/runs.ts';
import { unnamedFilesOf } from '../../../support/open-files.ts';
import { schemaOf, settingsOf } from '../../../support/tables.ts';
import { regularCsvText } from '../../../tabular/csv/csv-texts.ts';
import { Folder, SEED, valuesOf } from '../../../tabular/support.ts';
import { TableMachine } from '#src/protect/machine/machine';

const folder = new Folder();
/** Small machines are soon made, but not for each case. */
const machines = [new TableMachine(), new TableMachine(), new TableMachine()];

/** Small ranges, of which most begin inside of records, and a store that holds few rows. */
interface Conditions {
  /** Whether the table is in memory, so that its bytes come one after another. */
  readonly isInMemory: boolean;
  readonly threads: number;
  readonly rangeBytes: number;
  readonly memoryBytes: number;
  readonly hasPositions: boolean;
}

const PLAIN: Conditions = {
  isInMemory: false,
  threads: 1,
  rangeBytes: 4 << 20,
  memoryBytes: 1 << 20,
  hasPositions: true,
};

interface Outcome {
  /** The stored values of the rows, in the order of the file if positions are kept. */
  readonly rows: readonly string[];
  readonly nulls: number;
  readonly normalised: RowIngest['normalised'] extends () => infer Columns ? Columns : never;
  readonly pads: readonly (number | null)[];
  readonly report: ReturnType<ReportCollector['finish']>;
}

function textsOf(batch: Batch): string[] {
  const columns = batch.columns.map(valuesOf);
  return Array.from({ length: batch.rows }, (_, row) => JSON.stringify(columns.map((column) => column[row])));
}

async function planOf(reader: TableReader, schema: TableSchema): Promise<EncryptPlan> {
  return planEncryption({
    schema,
    settings: settingsOf({ preserveNulls: true }),
    table: reader,
    sources: matchSources(schema, reader),
    secret: parseSharedSecret(SECRET),
    collaborationId: parseCollaborationId(ID),
    asText: true,
    normalisers: await loadNormalisers(schema.columns),
  });
}

/** What the ordinary way stores, or the code of its error. */
async function ingest(reader: TableReader, plan: EncryptPlan, schema: TableSchema): Promise<Outcome | string> {
  const rows: string[] = [];
  const found = new RowIngest(plan);
  const report = new ReportCollector(plan, schema, 'sample');
  try {
    for await (const batch of reader.batches({ columns: plan.sources })) {
      const stored = found.accept(batch);
      report.add(batch, stored);
      rows.push(...textsOf(stored));
    }
    const pads = found.pads();
    return { rows, nulls: found.nulls, normalised: found.normalised(), pads, report: report.finish(pads, null) };
  } catch (error) {
    if (error instanceof SealroomError) return error.code;
    throw error;
  }
}

/** What the deal stores, or `null` if it declines. */
async function deal(
  bytes: Uint8Array,
  plan: EncryptPlan,
  schema: TableSchema,
  options: OpenOptions,
  { isInMemory, threads, hasPositions, ...limits }: Conditions,
): Promise<Outcome | null> {
  const input = isInMemory ? ({ kind: 'memory', bytes, format: 'csv' } as const) : folder.write('.csv', bytes);
  const start = await openCsvStart(input, options);
  if (start?.kind !== 'start') return null;
  const report = new ReportCollector(plan, schema, 'sample');
  const given = {
    start,
    plan,
    schema,
    hasPositions,
    refusesSecondNull: false,
    report,
    tempDirectory: folder.path,
    limits,
  };
  const table = await TableDeal.open(given);
  if ('reason' in table) return null;
  const dealers = machines.slice(0, threads).map((machine) => new Dealer(machine, table.setup));
  try {
    if (isInMemory) {
      const chunks = table.dealChunks(dealers[0] ?? new Dealer(new TableMachine(), table.setup), undefined);
      let next = await chunks.next();
      while (next.done !== true) next = await chunks.next();
      if (table.take(next.value) !== null) return null;
    }
    for (let turn = 0; ; turn++) {
      const dealt = dealers[turn % threads]?.dealNext() ?? null;
      if (dealt === null) break;
      if (table.take(dealt) !== null) return null;
    }
    const whole = table.finish();
    if ('reason' in whole) return null;
    expect(whole.parts.length).toBe(table.setup.parts);
    const widths = [...plan.encoded, ...(hasPositions ? ['position'] : [])].map(() => null);
    const rows: { readonly text: string; readonly position: bigint }[] = [];
    for (const part of whole.parts) {
      const bytes = new Uint8Array(part.bytes);
      loadPart(table.setup.store, part, bytes);
      const view = new DataView(bytes.buffer);
      const starts = rowStarts(bytes);
      const { columns } = gatherColumns(bytes, starts, widths, FRESH_MEMORY);
      const stored = { rows: starts.length, columns: columns.slice(0, plan.encoded.length) };
      textsOf(stored).forEach((text, row) => {
        // The position is at the end of a row.
        const end = starts[row + 1] ?? bytes.length;
        rows.push({ text, position: hasPositions ? view.getBigInt64(end - PLACE_BYTES, true) : 0n });
      });
      expect(starts.length).toBe(part.rows);
    }
    rows.sort((a, b) => (a.position < b.position ? -1 : a.position > b.position ? 1 : 0));
    const { nulls, normalised, pads } = whole;
    expect(rows.length).toBe(whole.rows);
    return { rows: rows.map(({ text }) => text), nulls, normalised, pads, report: report.finish(pads, null) };
  } finally {
    for (const dealer of dealers) dealer.close();
    await table.close();
    await start.source.close();
  }
}

/** A deal of a table with the columns `a` and `b` that has not begun. */
async function openDeal(
  content: string,
  given: Partial<TableDealInput>,
): Promise<AsyncDisposable & { readonly deal: TableDeal }> {
  const path = folder.write('.csv', content);
  const reader = await openTable(path);
  const schema = schemaOf('a:fingerprint', 'b:cleartext');
  const plan = await planOf(reader, schema);
  await reader.close();
  const start = await openCsvStart(path);
  if (start?.kind !== 'start') throw new Error('a plain file');
  const without = { hasPositions: false, refusesSecondNull: false, report: null, tempDirectory: folder.path };
  const deal = await TableDeal.open({ start, plan, schema, ...without, ...given });
  if ('reason' in deal) throw new Error(String(deal.reason));
  return {
    deal,
    async [Symbol.asyncDispose]() {
      await deal.close();
      await start.source.close();
      plan[Symbol.dispose]();
    },
  };
}

/** Deals a file, and compares with the ordinary way. False if it was declined. */
async function dealsAlike(
  content: string | Uint8Array,
  schema: TableSchema,
  options: OpenOptions,
  conditions: Conditions,
): Promise<boolean> {
  // From memory: the exact reader.
  const bytes = new Uint8Array(Buffer.from(content));
  const reader = await openTable({ kind: 'memory', bytes, format: 'csv' }, options).catch((error: unknown) => {
    if (error instanceof SealroomError) return null;
    throw error;
  });
  if (reader === null) return false;
  using plan = await planOf(reader, schema);
  const expected = await ingest(reader, plan, schema);
  await reader.close();
  const found = await deal(bytes, plan, schema, options, conditions);
  if (found === null) return false;
  if (typeof expected === 'string') throw new Error(`dealt what is refused with ${expected}`);
  // Which rows are in a sample depends on the ranges, unless there is one.
  const isOneRange = conditions.isInMemory || conditions.rangeBytes >= bytes.length;
  const { rows, report, ...others } = expected;
  const sizesOf = ({ columns }: Outcome['report']): unknown => columns.map(({ targets }) => targets);
  expect({ ...found, rows: [], report: sizesOf(found.report) }).toEqual({
    ...others,
    rows: [],
    report: sizesOf(report),
  });
  if (isOneRange) expect(found.report).toEqual(report);
  const sorted = (texts: readonly string[]): readonly string[] => (conditions.hasPositions ? texts : [...texts].sort());
  expect(sorted(found.rows)).toEqual(sorted(rows));
  return true;
}

/** A schema of columns `h0`, `h1`, ... with every kind and form. */
function schemaOfColumns(columns: number, normalise: readonly string[]): TableSchema {
  return parseTableSchema(
    JSON.stringify({
      headerRow: true,
      columns: Array.from({ length: columns }, (_, index) => {
        const name = `h${String(index)}`;
        const sourceHeader = { name, normalise, nulls: normalise.length > 0 ? ['null', 'é'] : [] };
        return [
          { sourceHeader, type: 'fingerprint', targetHeader: `f${String(index)}` },
          { sourceHeader: name, type: 'cleartext', targetHeader: `c${String(index)}` },
          {
            sourceHeader: name,
            type: 'sealed',
            targetHeader: `s${String(index)}`,
            pad: index === 0 ? { type: 'max', length: 3 } : { type: 'none' },
          },
        ];
      }).flat(),
    }),
  );
}

/** A text with a line of such headers in front. */
function headed(text: string, delimiter: string, columns: number): string {
  const headers = Array.from({ length: columns }, (_, index) => `h${String(index)}`).join(delimiter);
  const lineBreak = /\r\n|\r|\n/.exec(text)?.[0] ?? '\n';
  const [mark, rows] = text.startsWith('\ufeff') ? ['\ufeff', text.slice(1)] : ['', text];
  return mark + headers + lineBreak + rows;
}

const conditions = fc.record({
  isInMemory: fc.boolean(),
  threads: fc.constantFrom(1, 3),
  rangeBytes: fc.constantFrom(7, 16, 64, 4 << 20),
  memoryBytes: fc.constantFrom(64, 1 << 20),
  hasPositions: fc.boolean(),
});

describe('a table that is dealt', () => {
  test('has the rows of the ordinary way, whatever the text, the ranges and the memory', async () => {
    let dealt = 0;
    const nulls = fc.constantFrom(undefined, '', '""', 'NULL', ['a', '""']);
    const steps = fc.constantFrom([], ['trim'], ['lower', 'nfc'], ['trim', 'lower']);
    await fc.assert(
      fc.asyncProperty(
        regularCsvText,
        nulls,
        steps,
        conditions,
        async ([text, delimiter], csvInputNull, normalise, given) => {
          const options = { csvDelimiter: delimiter, csvInputNull };
          const columns = text.split(/[\r\n]/, 1)[0]?.split(delimiter).length ?? 1;
          const content = headed(text, delimiter, columns);
          if (await dealsAlike(content, schemaOfColumns(columns, normalise), options, given)) dealt++;
        },
      ),
      { seed: SEED, numRuns: runs(800) },
    );
    expect(dealt).toBeGreaterThan(runs(800) / 3);
  });

  test('has the rows of a file with long texts in quotes, in which most ranges begin', async () => {
    const lines = Array.from({ length: 400 }, (_, row) => {
      const text = `"line one of ${String(row)}, and\n""more""\r\n${'and more, '.repeat(row % 9)}\n"`;
      return [String(row), row % 3 === 0 ? text : 'short', row % 5 === 0 ? '' : 'ÄÖÜ', row % 7 === 0 ? '""' : 'x'].join(
        ',',
      );
    });
    const content = ['\ufeffid,text,name,kind', ...lines].join('\n');
    const schema = schemaOf(
      'id:fingerprint',
      'text:sealed max 5',
      'name:cleartext',
      'name>n:sealed fixed 20',
      'kind:fingerprint',
    );
    for (const rangeBytes of [50, 333, 1 << 20]) {
      for (const threads of [1, 3]) {
        const given = { isInMemory: false, threads, rangeBytes, memoryBytes: 1000, hasPositions: true };
        expect(await dealsAlike(content, schema, {}, given)).toBe(true);
      }
    }
  });

  test('can come in chunks, with records and characters across their ends', async () => {
    const lines = Array.from({ length: 20_000 }, (_, row) => `${String(row)},"${'é'.repeat(60 + (row % 5))}\n"`);
    const content = ['a,b', ...lines].join('\n');
    expect(Buffer.byteLength(content)).toBeGreaterThan(2 << 20);
    const schema = schemaOf('a:fingerprint', 'b:sealed');
    expect(await dealsAlike(content, schema, {}, { ...PLAIN, isInMemory: true })).toBe(true);
  });

  test.each([
    ['with headers and no rows', 'a,b\n'],
    ['without a line break at its end', 'a,b\n1,2'],
    ['with CRLF', 'a,b\r\n1,"x\r\ny"\r\n'],
    ['of tabs', 'a\tb\n1\t2\n'],
  ])('can be %s', async (_, text) => {
    expect(await dealsAlike(text, schemaOf('a:fingerprint', 'b:sealed'), {}, PLAIN)).toBe(true);
  });

  test('has samples and sizes as in the report of the ordinary way', async () => {
    const lines = Array.from({ length: 9000 }, (_, row) => `${String(row % 800)}@x.de,${'v'.repeat(row % 40)}`);
    const content = ['mail,text', ...lines, ''].join('\n');
    const schema = schemaOf('mail:fingerprint', 'mail>m:sealed', 'text:sealed max 2', 'text>t:cleartext');
    expect(await dealsAlike(content, schema, {}, PLAIN)).toBe(true);
  });

  test.each([
    ['a value that is too long for its pad', 'a,b\n1,123456789\n'],
    ['a value that is too long for a cell', `a,b\n${'x'.repeat(17_000)},1\n`],
    ['text that is not UTF-8', Buffer.from('a,b\n\xff,1\n', 'latin1')],
    ['a record that is longer than the text in memory', `a,b\n"${'x\n'.repeat(3 << 19)}",1\n`],
    ['a comment', 'a,b\n#1,2\n'],
    ['CR at the ends of lines', 'a,b\r1,2\r'],
  ])('is declined if it has %s', async (_, content) => {
    expect(await dealsAlike(content, schemaOf('a:cleartext', 'b:sealed fixed 9'), {}, PLAIN)).toBe(false);
  });

  test('is declined if a column is normalised by steps that the module does not know', async () => {
    const schema = parseTableSchema(
      JSON.stringify({
        headerRow: true,
        columns: [{ sourceHeader: { name: 'a', normalise: ['email'] }, type: 'fingerprint' }],
      }),
    );
    expect(await dealsAlike('a,b\nx@y.de,1\n', schema, {}, PLAIN)).toBe(false);
  });

  test('spills what memory does not hold, encrypted, into a file without a name', async () => {
    const marker = 'a value that nobody may find on disk';
    const content = `a,b\n${`${marker},1\n`.repeat(500)}`;
    await using table = await openDeal(content, { limits: { rangeBytes: 4096, memoryBytes: 256 } });
    const names = readdirSync(folder.path);
    const dealer = new Dealer(machines[0] ?? new TableMachine(), table.deal.setup);
    for (let dealt = dealer.dealNext(); dealt !== null; dealt = dealer.dealNext()) {
      expect(table.deal.take(dealt)).toBeNull();
    }
    expect(readdirSync(folder.path)).toEqual(names);
    const spilled = unnamedFilesOf(folder.path);
    expect(spilled.length).toBe(1);
    const onDisk = readFileSync(spilled[0] ?? '');
    expect(onDisk.length).toBeGreaterThan(content.length / 2);
    expect(onDisk.includes(marker)).toBe(false);
    dealer.close();
  });

  test('with a second null in a fingerprint column is declined where that is refused', async () => {
    await using table = await openDeal('a,b\n,1\n,2\n', { refusesSecondNull: true });
    const dealer = new Dealer(machines[0] ?? new TableMachine(), table.deal.setup);
    const dealt = dealer.dealNext();
    expect(dealt === null ? null : table.deal.take(dealt)).toEqual({ reason: 'nulls that are refused' });
    expect(dealer.dealNext()).toBeNull();
    dealer.close();
  });

  test('F-58 gives each row to each part with the same probability, whatever part the row before it has', async () => {
    const rows = 40_000;
    const parts = 8;
    await using table = await openDeal(`a,b\n${'1,2\n'.repeat(rows)}`, { hasPositions: true });
    const setup = { ...table.deal.setup, parts, roomBytes: 1 << 20 };
    const dealer = new Dealer(machines[0] ?? new TableMachine(), setup);
    const dealt = dealer.dealNext();
    if (dealt === null || 'reason' in dealt) throw new Error('a plain file');
    const partOf = new Int32Array(rows);
    for (let at = 0; at < dealt.pieces.length; at += PIECE_NUMBERS) {
      const [part = 0, place = 0, bytes = 0, count = 0] = dealt.pieces.subarray(at, at + PIECE_NUMBERS);
      const piece = new Uint8Array(bytes);
      const stored = { rows: count, bytes, places: Float64Array.of(place), lengths: Int32Array.of(bytes) };
      loadPart(setup.store, stored, piece);
      const view = new DataView(piece.buffer);
      for (const start of rowStarts(piece)) {
        partOf[view.getInt32(start + view.getInt32(start, true) - PLACE_BYTES, true) - 1] = part;
      }
    }
    const pairs = new Int32Array(parts * parts);
    for (let row = 0; row < rows; row += 2) {
      const pair = (partOf[row] ?? 0) * parts + (partOf[row + 1] ?? 0);
      pairs[pair] = (pairs[pair] ?? 0) + 1;
    }
    const expected = rows / 2 / pairs.length;
    const chiSquare = pairs.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 63 degrees of freedom: over 150 in one of a hundred million runs.
    expect(chiSquare).toBeLessThan(150);
    dealer.close();
  });
});
