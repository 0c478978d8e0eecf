import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { generateBenchTable } from './generate.ts';
import { benchKernels, type KernelFigure } from './kernels.ts';

const USAGE = `npm run bench -- [options]
  --rows 1000000,10000000  sizes of the table (default 1000000)
  --formats csv,parquet    formats (default both)
  --pads fixed,max         pads of the sealed columns (default fixed)
  --repeat 5               runs per figure; the median is printed (default 3)
  --kernel node            kernel of the table runs (default: the command's)
  --skip-kernels           leave out the table of single cells
  --json FILE              write all figures as JSON`;

const ID = '0f4c1c9e-1f6a-4d5e-9a56-6f2d7c0b8a11';
// A benchmark protects nothing: the secret is derived from a public text.
const SECRET = createHash('sha256').update('sealroom benchmark').digest('base64');
const MEASURE = fileURLToPath(new URL('measure.mjs', import.meta.url));

type Format = 'csv' | 'parquet';

/** What one command cost; the median of its runs. */
interface TableFigure {
  readonly operation: 'encrypt' | 'decrypt';
  readonly format: Format;
  readonly pad: string;
  readonly rows: number;
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  readonly rowsPerSecond: number;
  readonly peakMiB: number;
  readonly inputMiB: number;
  readonly outputMiB: number;
}

interface Cost {
  readonly code: number;
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  readonly peakMiB: number;
}

function schemaWith(pad: string): string {
  const sealed = { type: 'sealed', pad: pad === 'max' ? { type: 'max', length: 0 } : { type: 'fixed', length: 64 } };
  const columns = [
    { sourceHeader: 'id', targetHeader: 'id', type: 'fingerprint' },
    { sourceHeader: 'email', targetHeader: 'email', type: 'fingerprint' },
    { sourceHeader: 'amount', targetHeader: 'amount', ...sealed },
    { sourceHeader: 'note', targetHeader: 'note', ...sealed },
    { sourceHeader: 'category', targetHeader: 'category', type: 'cleartext' },
  ];
  return JSON.stringify({ headerRow: true, columns });
}

async function measure(folder: string, argv: readonly string[]): Promise<Cost> {
  const report = join(folder, 'cost.json');
  await new Promise<void>((resolve, reject) => {
    const child = spawn(process.execPath, ['--no-warnings', MEASURE, ...argv], {
      cwd: folder,
      env: { ...process.env, C3R_SHARED_SECRET: SECRET, BENCH_REPORT: report },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let words = '';
    child.stderr.on('data', (part: Buffer) => (words += part.toString()));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`sealroom ${argv.join(' ')} failed:\n${words}`));
    });
  });
  return JSON.parse(await readFile(report, 'utf8')) as Cost;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

async function benchTable(
  folder: string,
  plan: Plan,
  format: Format,
  rows: number,
  pad: string,
): Promise<TableFigure[]> {
  const names = { table: `table.${format}`, protected: `protected.${format}`, back: `back.${format}` };
  await generateBenchTable({ rows, format, path: join(folder, names.table) });
  await writeFile(join(folder, 'schema.json'), schemaWith(pad));
  const kernel = plan.kernel === undefined ? [] : ['--kernel', plan.kernel];
  const flags = ['--allow-cleartext', '--allow-duplicates', '--schema', 'schema.json'];
  const common = ['--id', ID, '-f', ...kernel];
  const figures: TableFigure[] = [];
  for (const operation of ['encrypt', 'decrypt'] as const) {
    const [input, output] = operation === 'encrypt' ? [names.table, names.protected] : [names.protected, names.back];
    const costs: Cost[] = [];
    for (let run = 0; run < plan.repeat; run++) {
      costs.push(
        await measure(folder, [operation, input, '-o', output, ...common, ...(operation === 'encrypt' ? flags : [])]),
      );
    }
    const wallSeconds = median(costs.map((cost) => cost.wallSeconds));
    figures.push({
      operation,
      format,
      pad,
      rows,
      cpuSeconds: median(costs.map((cost) => cost.cpuSeconds)),
      wallSeconds,
      rowsPerSecond: rows / wallSeconds,
      peakMiB: median(costs.map((cost) => cost.peakMiB)),
      inputMiB: (await stat(join(folder, input))).size / 2 ** 20,
      outputMiB: (await stat(join(folder, output))).size / 2 ** 20,
    });
    printTable(figures.slice(-1));
  }
  return figures;
}

interface Plan {
  readonly rows: readonly number[];
  readonly formats: readonly Format[];
  readonly pads: readonly string[];
  readonly repeat: number;
  readonly kernel: string | undefined;
  readonly withKernels: boolean;
  readonly json: string | undefined;
}

function readPlan(): Plan {
  const { values } = parseArgs({
    options: {
      rows: { type: 'string', default: '1000000' },
      formats: { type: 'string', default: 'csv,parquet' },
      pads: { type: 'string', default: 'fixed' },
      repeat: { type: 'string', default: '3' },
      kernel: { type: 'string' },
      'skip-kernels': { type: 'boolean', default: false },
      json: { type: 'string' },
    },
  });
  const rows = values.rows.split(',').map(Number);
  const formats = values.formats.split(',');
  const repeat = Number(values.repeat);
  const pads = values.pads.split(',');
  const isValid =
    rows.every((count) => Number.isSafeInteger(count) && count > 0) &&
    formats.every((format) => format === 'csv' || format === 'parquet') &&
    pads.every((pad) => pad === 'fixed' || pad === 'max') &&
    Number.isSafeInteger(repeat) &&
    repeat > 0;
  if (!isValid) throw new Error('an option has a wrong value');
  return {
    rows,
    formats: formats,
    pads,
    repeat,
    kernel: values.kernel,
    withKernels: !values['skip-kernels'],
    json: values.json,
  };
}

function printTable(figures: readonly TableFigure[]): void {
  for (const figure of figures) {
    const cells = [
      figure.operation.padEnd(9),
      figure.format.padEnd(8),
      figure.pad.padEnd(6),
      figure.rows.toLocaleString('en').padStart(12),
      figure.cpuSeconds.toFixed(2).padStart(8),
      figure.wallSeconds.toFixed(2).padStart(8),
      Math.round(figure.rowsPerSecond).toLocaleString('en').padStart(11),
      Math.round(figure.peakMiB).toString().padStart(9),
      Math.round(figure.inputMiB).toString().padStart(7),
      Math.round(figure.outputMiB).toString().padStart(8),
    ];
    process.stdout.write(`${cells.join(' ')}\n`);
  }
}

function printKernels(figures: readonly KernelFigure[]): void {
  process.stdout.write('\nkernel  operation                       ns per cell\n');
  for (const { kernel, operation, nanoseconds } of figures) {
    process.stdout.write(
      `${kernel.padEnd(7)} ${operation.padEnd(31)} ${Math.round(nanoseconds).toLocaleString('en').padStart(11)}\n`,
    );
  }
}

async function main(): Promise<void> {
  let plan: Plan;
  try {
    plan = readPlan();
  } catch (error) {
    process.stderr.write(`error: ${error instanceof Error ? error.message : 'invalid options'}\n${USAGE}\n`);
    process.exitCode = 2;
    return;
  }
  const machine = {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    openssl: process.versions.openssl,
    platform: `${process.platform} ${process.arch}`,
  };
  process.stdout.write(
    `${machine.processor}, ${String(machine.cores)} cores, ${String(machine.memoryGiB)} GiB; Node ${machine.node}, ` +
      `OpenSSL ${machine.openssl}, ${machine.platform}; median of ${String(plan.repeat)}\n`,
  );
  const folder = await mkdtemp(join(tmpdir(), 'sealroom-bench-'));
  try {
    const tables: TableFigure[] = [];
    process.stdout.write(
      '\noperation format   pad            rows    CPU s   wall s      rows/s  peak MiB  in MiB  out MiB\n',
    );
    for (const rows of plan.rows) {
      for (const format of plan.formats) {
        for (const pad of plan.pads) tables.push(...(await benchTable(folder, plan, format, rows, pad)));
      }
    }
    const kernels = plan.withKernels ? benchKernels() : [];
    if (plan.withKernels) printKernels(kernels);
    if (plan.json !== undefined)
      await writeFile(plan.json, `${JSON.stringify({ machine, tables, kernels }, null, 2)}\n`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await main();
