import { createHash, createPrivateKey, randomFillSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { decryptTable, encryptTable, parseSharedSecret, parseTableSchema, SealroomError } from 'sealroom';
import type { Batch, TableReader, TableSignature } from 'sealroom/tabular';
import { checkedTable, readTableSignature, type TableFormat, type TableSigning } from 'sealroom/tabular';
import { generateBenchTable } from './generate.ts';
import { markdownTable, number, text } from './markdown.ts';
import { median } from './median.ts';
import { BENCH_SETTINGS, schemaWith } from './tables.ts';

const USAGE = `npm run bench:signing -- [options]

CPU seconds of signing a table, and of checking its signature, beyond those of the same work without.

  --rows N     (1000000)
  --repeat N   how often; the medians are printed (3)
  --hash-only  only the hashing of rows in memory, as long as those of the encrypted table
  --help`;

const ID = '0f4c1c9e-1f6a-4d5e-9a56-6f2d7c0b8a11';
// A benchmark protects nothing: secret and key are fixed.
const SECRET = createHash('sha256').update('sealroom benchmark').digest('base64');
const SIGNING: TableSigning = {
  key: createPrivateKey({
    key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, 1)]),
    format: 'der',
    type: 'pkcs8',
  }),
  generation: 1,
  secretId: 'ab'.repeat(32),
  manifestSha256: null,
  table: null,
  created: '2026-11-24T12:00:00.000Z',
};

const FIGURES = markdownTable([text('CPU s', 15), number('without', 7), number('signed', 7), number('difference')]);

async function cpuSecondsOf(act: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await act();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** Measures an operation without and with a signature, in turn, and prints the medians and that of the differences. */
async function compare(name: string, repeat: number, act: (isSigned: boolean) => Promise<unknown>): Promise<void> {
  const [plain, signed]: [number[], number[]] = [[], []];
  for (let run = 0; run < repeat; run++) {
    plain.push(await cpuSecondsOf(() => act(false)));
    signed.push(await cpuSecondsOf(() => act(true)));
  }
  const extra = median(signed.map((seconds, run) => seconds - (plain[run] ?? 0)));
  const figures = [median(plain), median(signed), extra].map((seconds) => seconds.toFixed(2));
  process.stdout.write(`${FIGURES.row([name, ...figures])}\n`);
}

/** Bytes of a row's cells: two fingerprints, two sealed cells, a category. */
const CELL_BYTES = [52, 52, 180, 180, 8];
const BATCH_ROWS = 2048;

/** Rows in memory, each another one. */
function rowsInMemory(rows: number): TableReader {
  const columns = CELL_BYTES.map((width) => ({
    ...({ layout: 'bytes', rows: BATCH_ROWS, validity: null } as const),
    offsets: Int32Array.from({ length: BATCH_ROWS + 1 }, (_, row) => row * width),
    bytes: randomFillSync(new Uint8Array(BATCH_ROWS * width)),
  }));
  const [first] = columns;
  function* batches(): Generator<Batch> {
    for (let row = 0; row < rows; row += BATCH_ROWS) {
      if (first !== undefined) randomFillSync(first.bytes);
      const count = Math.min(BATCH_ROWS, rows - row);
      yield { rows: count, columns: columns.map((column) => ({ ...column, rows: count })) };
    }
  }
  return {
    ...{ name: 'memory', format: 'arrow', rows, bytes: 0, notes: [], warnings: [], slowReason: null, columnHint: null },
    fields: CELL_BYTES.map((_, index) => ({ name: String(index), type: { kind: 'string' } })),
    async *batches() {
      yield* batches();
    },
    sha256: () => Promise.resolve(''),
    close: () => Promise.resolve(),
  };
}

/** What a check costs without reading: leaves, sorting and nodes. */
async function benchHashing(rows: number, repeat: number): Promise<void> {
  const table = rowsInMemory(rows);
  const columns = table.fields.map(({ name }) => ({ name, protection: 'cleartext', type: 'string' }) as const);
  const statement = { ...SIGNING, version: 1, collaborationId: ID, columns, rows, root: '0'.repeat(64) } as const;
  const read = async (checked: TableReader): Promise<void> => {
    const pass = checked.batches({ columns: [] })[Symbol.asyncIterator]();
    while ((await pass.next()).done !== true);
  };
  await compare('hashing', repeat, async (isSigned) => {
    if (!isSigned) return read(table);
    // No rows have this root, which is known when all work is done.
    const failure = await read(checkedTable(table, { statement, key: '', file: '' })).catch((error: unknown) => error);
    if (!(failure instanceof SealroomError)) throw failure;
  });
}

async function benchFormat(format: TableFormat, input: string, folder: string, repeat: number): Promise<void> {
  const schema = parseTableSchema(schemaWith('fixed'));
  using secret = parseSharedSecret(SECRET);
  const [protectedTable, opened] = [join(folder, `protected.${format}`), join(folder, `opened.${format}`)];
  const common = { collaborationId: ID, secret, overwrite: true };
  const encrypt = (isSigned: boolean): Promise<unknown> =>
    encryptTable({
      ...common,
      ...{ input, output: protectedTable, schema, settings: BENCH_SETTINGS },
      sign: isSigned ? SIGNING : undefined,
    });
  await compare(`encrypt ${format}`, repeat, encrypt);
  const found = await readTableSignature({ kind: 'file', path: protectedTable });
  const signature: TableSignature | undefined = found ?? undefined;
  await compare(`decrypt ${format}`, repeat, (isSigned) =>
    decryptTable({ ...common, input: protectedTable, output: opened, signature: isSigned ? signature : undefined }),
  );
}

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values } = parseArgs({ options: { rows: text, repeat: text, 'hash-only': flag, help: flag } });
  if (values.help === true) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const [rows, repeat] = [Number(values.rows ?? 1_000_000), Number(values.repeat ?? 3)];
  process.stdout.write(`${rows.toLocaleString('en')} rows\n\n${FIGURES.head}\n`);
  await benchHashing(rows, repeat);
  if (values['hash-only'] === true) return;
  const folder = await mkdtemp(join(tmpdir(), 'sealroom-bench-'));
  try {
    const input = join(folder, 'table.csv');
    await generateBenchTable({ rows, format: 'csv', path: input });
    for (const format of ['csv', 'parquet', 'arrow'] as const) await benchFormat(format, input, folder, repeat);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await main();
