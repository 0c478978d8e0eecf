import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { NORMALISE_STEPS } from 'sealroom/schema';
import type { BenchReport } from '../../bench/report.ts';

const RUN = join(import.meta.dirname, '..', '..', 'bench', 'run.ts');
const STAND_IN = `'${process.execPath}' '${fileURLToPath(new URL('stand-in-reference.mjs', import.meta.url))}'`;
const START_UP_ONLY = ['--skip-tables', '--skip-kernels', '--repeat'];

let folder: string;
let temporary: string;
let json: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sealroom-test-'));
  temporary = join(folder, 'temporary');
  json = join(folder, 'figures.json');
  mkdirSync(temporary);
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function bench(...args: readonly string[]): {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
} {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', RUN, ...args], {
    encoding: 'utf8',
    // The loader's own cache is no leftover of the benchmark.
    env: { ...process.env, TMPDIR: temporary, TSX_DISABLE_CACHE: '1' },
  });
  return { code: status, out: stdout, err: stderr };
}

function readReport(): BenchReport {
  return JSON.parse(readFileSync(json, 'utf8')) as BenchReport;
}

function leftovers(): string[] {
  return readdirSync(temporary).filter((name) => !name.startsWith('tsx-'));
}

// Many processes, each with an engine to load.
describe('bench/run', () => {
  it('prints its options', () => {
    const { code, out } = bench('--help');
    expect(code).toBe(0);
    for (const option of ['--rows', '--threads', '--reference', '--json']) expect(out).toContain(option);
  });

  it('writes every figure and every run as JSON, and leaves nothing else', () => {
    const sizes = ['--rows', '1000,2000', '--formats', 'csv', '--pads', 'max', '--floors', '--threads', '1'];
    const { code, out, err } = bench(...sizes, '--repeat', '1', '--skip-kernels', '--json', json);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('encrypt, csv, pad max, 1 thread: a row of 2,000 to one of 1,000');
    expect(out).toMatch(/DuckDB \| ratio \|\n\|[-:| ]+\n(\| (en|de)crypt .*\n){4}/);
    const { machine, options, starts, startUp, tables, kernels, ratios } = readReport();
    expect(Object.keys(machine)).toEqual(expect.arrayContaining(['node', 'openssl', 'duckdb', 'processor']));
    expect(options).toMatchObject({ rows: [1000, 2000], pads: ['max'], threads: [1], repeat: 1 });
    expect(starts.map(({ command }) => command)).toEqual([
      ...['--version', '--help', 'encrypt, 7 rows', 'decrypt, 7 rows', 'query, a small room'],
    ]);
    expect(startUp.map(({ operation, rows }) => [operation, rows])).toEqual([
      ['encrypt', 7],
      ['decrypt', 7],
    ]);
    expect(tables).toHaveLength(4);
    for (const { floors } of tables) expect(floors?.engine.cpuSeconds).toBeGreaterThan(0);
    for (const figure of [...startUp, ...tables]) {
      expect(figure.runs).toHaveLength(1);
      expect(figure.cpuSeconds).toBeGreaterThan(0.05);
      expect(figure.peakMiB).toBeGreaterThan(20);
      expect(figure.reference).toBeNull();
    }
    expect(kernels).toEqual([]);
    expect(ratios).toHaveLength(2);
    expect(leftovers()).toEqual([]);
  });

  it.skipIf(spawnSync('perf', ['--version']).error !== undefined)(
    'attributes nearly all of a profile to stages',
    () => {
      const argv = ['--rows', '20000', '--formats', 'csv', '--skip-tables', '--skip-kernels', '--repeat', '1'];
      const { code, err } = bench(...argv, '--stages', '--json', json);
      // Where nobody may profile, it says so.
      if (code === 1) {
        expect(err).toContain('needs `perf`');
        return;
      }
      expect({ code, err }).toEqual({ code: 0, err: '' });
      const { stages } = readReport();
      expect(stages.map(({ operation }) => operation)).toEqual(['encrypt', 'decrypt']);
      for (const figure of stages) {
        const all = Object.values(figure.stages).reduce((sum, seconds) => sum + seconds, 0);
        expect(figure.stages['not attributed']).toBeLessThan(all / 10);
        expect(figure.stages['WASM, native cells']).toBeGreaterThan(0);
        expect(figure.stages['start, modules, command line']).toBeGreaterThan(0);
      }
      expect(leftovers()).toEqual([]);
    },
  );

  it('runs the reference on the same files in turn, and gives a ratio for each pair', () => {
    const { code, out, err } = bench(...START_UP_ONLY, '1', '--reference', STAND_IN, '--json', json);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).not.toContain('warning');
    const { startUp } = readReport();
    expect(startUp).toHaveLength(2);
    for (const { reference } of startUp) {
      expect(reference).toMatchObject({ isSameOutput: true, runs: { length: 1 }, cpuRatios: { length: 1 } });
      expect(reference?.cpuRatio).toBeGreaterThan(0);
      expect(reference?.wallRatio).toBeGreaterThan(0);
    }
    expect(leftovers()).toEqual([]);
  });

  it.each([
    ['is missing', 'no-such-program -jar client.jar', ['the reference was not found', 'no-such-program']],
    ['fails', "sh -c 'echo first; echo out of memory >&2; exit 3'", ['failed with exit code 3', 'out of memory']],
    ['writes nothing', 'true', ['exit code 0 and wrote no reference-encrypted.csv']],
    ['is no command', "'", ['expected a command of the shell']],
  ])('ends with one error and nothing left behind when the reference %s', (_, command, words) => {
    const { code, err } = bench(...START_UP_ONLY, '1', '--reference', command);
    expect(code).toBe(2);
    for (const word of words) expect(err).toContain(word);
    expect(err.match(/^error:/gm)).toHaveLength(1);
    expect(err).not.toContain('    at ');
    expect(leftovers()).toEqual([]);
  });
});

test('bench/normalise measures every kind of step', () => {
  const script = join(import.meta.dirname, '..', '..', 'bench', 'normalise.ts');
  const argv = ['--import', 'tsx', script, '--values', '3000', '--repeat', '1'];
  const { stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' });
  const kinds = new Set(NORMALISE_STEPS.map((step) => step.replace(/^(date|phone):.*/, '$1')));
  kinds.delete('phone');
  expect(stderr).toBe('');
  for (const kind of kinds) expect(stdout).toMatch(new RegExp(`^\\| \`${kind}(:[\\w.]+)?\` +\\| +[\\d,]+ \\|$`, 'm'));
  expect(stdout).toMatch(/^\| `phone:DE` +\| +[\d,]+ \|$/m);
});
