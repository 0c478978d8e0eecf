import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { medianFloors } from '../../bench/floors.ts';
import { median } from '../../bench/median.ts';
import { parseOptions } from '../../bench/options.ts';
import { parseTimes } from '../../bench/process.ts';
import { referenceArguments, splitCommand } from '../../bench/reference.ts';
import { floorLines, ratioLines, ratiosOf } from '../../bench/report.ts';
import { sealroomArguments, type TableFigure } from '../../bench/tables.ts';

const FILES = { input: 'in.csv', output: 'out.csv' };
const FIGURE: TableFigure = {
  ...{ operation: 'encrypt', rows: 1_000_000, format: 'csv', pad: 'fixed', kernel: null, threads: 1 },
  ...{ cpuSeconds: 6, wallSeconds: 5, peakMiB: 300, rowsPerSecond: 200_000, inputMiB: 97, outputMiB: 440 },
  ...{ runs: [], reference: null, floors: null },
};

describe('bench', () => {
  it('takes the middle of several runs', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  it('reads the CPU seconds of children from `times` of any shell', () => {
    expect(parseTimes('0m0.29s 0m0.00s\n1m0.100000s 0m2.5s\n')).toBeCloseTo(62.6);
    expect(parseTimes('0m0,001s 0m0,002s\n0m1,250s 0m0,750s\n')).toBeCloseTo(2);
    expect(() => parseTimes('0m0.29s 0m0.00s\n')).toThrow('two spans');
  });

  it('passes the number of threads and the kernel only if they are asked for', () => {
    const bare = sealroomArguments('decrypt', FILES, { kernel: null, threads: null });
    expect(bare).not.toContain('--threads');
    expect(bare).not.toContain('--kernel');
    expect(sealroomArguments('decrypt', FILES, { kernel: 'node', threads: 2 })).toEqual([
      ...[...bare, '--kernel', 'node', '--threads', '2'],
    ]);
    expect(parseOptions([])).toMatchObject({ threads: [null], kernels: [null] });
    expect(parseOptions(['--threads', '1,2', '--kernels', 'wasm,node'])).toMatchObject({
      ...{ threads: [1, 2], kernels: ['wasm', 'node'] },
    });
  });

  it.each([
    ['--rows', '0'],
    ['--rows', '1e3'],
    ['--formats', 'orc'],
    ['--pads', 'none'],
    ['--threads', '1,1'],
    ['--repeat', '-1'],
    ['--no-such-option', 'x'],
  ])('refuses %s %s as a wrong use', (option, value) => {
    expect(() => parseOptions([`${option}=${value}`])).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringContaining(option) }),
    );
  });

  it('gives the reference a schema and a temporary directory for encryption only', () => {
    const files = { ...FILES, schema: 'schema.json' };
    const decrypt = ['in.csv', '--id=x', '--output=out.csv', '--overwrite'];
    expect(referenceArguments('decrypt', files, 'x')).toEqual(['decrypt', ...decrypt]);
    expect(referenceArguments('encrypt', files, 'x')).toEqual([
      'encrypt',
      ...decrypt,
      '--schema=schema.json',
      '--tempDir=.',
    ]);
  });

  it('splits a command as the shell does and makes the paths of files absolute', () => {
    expect(splitCommand('java -Xmx2g -jar package.json "two words"')).toEqual([
      ...['java', '-Xmx2g', '-jar', resolve('package.json'), 'two words'],
    ]);
    expect(splitCommand('./bench/run.ts')).toEqual([resolve('bench/run.ts')]);
    // A program is looked up in PATH, whatever lies here by its name.
    expect(splitCommand('bench bench')).toEqual(['bench', resolve('bench')]);
    expect(() => splitCommand(' ')).toThrow('expected a command');
  });

  it('relates sizes, threads and kernels of one run', () => {
    const tables: TableFigure[] = [
      FIGURE,
      { ...FIGURE, threads: 2, cpuSeconds: 6.3, wallSeconds: 2.5 },
      { ...FIGURE, rows: 10_000_000, cpuSeconds: 63, wallSeconds: 50, peakMiB: 330 },
      { ...FIGURE, rows: 10_000_000, operation: 'decrypt' },
    ];
    const kernels = [
      { operation: 'seal', kernel: 'wasm', nanoseconds: 500, rounds: [], toNode: 0.1 },
      { operation: 'seal', kernel: 'node', nanoseconds: 5000, rounds: [], toNode: 1 },
    ] as const;
    const lines = ratioLines(ratiosOf([], tables, kernels)).join('\n');
    expect(lines).toMatch(
      /encrypt, csv, 1 thread: a row of 10,000,000 to one of 1,000,000 +\| 1\.05 \| +1\.00 \| +1\.10 \|/,
    );
    expect(lines).toMatch(/encrypt, csv, 1,000,000 rows: 1 thread to 2 +\| 0\.95 \| +2\.00 \| +1\.00 \|/);
    expect(lines).toMatch(/kernel wasm to node, over 1 operations +\| 0\.10 \| +\| +\| 0\.10 to 0\.10/);
    expect(lines.match(/ to /g)).toHaveLength(5);
  });

  it('prints floors with the ratio to each', () => {
    const cost = (cpuSeconds: number): { cpuSeconds: number; wallSeconds: number } => ({ cpuSeconds, wallSeconds: 1 });
    const floors = medianFloors([1, 2, 9].map((seconds) => ({ bytes: cost(seconds / 10), engine: cost(seconds) })));
    const [head, row] = floorLines([{ ...FIGURE, floors }])
      .join('\n')
      .split(/\n.*-:.*\n/);
    expect(head).toMatch(/CPU s \| bytes \| ratio \| DuckDB \| ratio \|$/);
    expect(row).toMatch(
      /encrypt +\| csv +\| - +\| +1,000,000 \| +1 \| +6\.00 \| +0\.20 \| +30\.0 \| +2\.00 \| +3\.0 \|$/,
    );
    expect(floorLines([FIGURE])).toEqual([]);
  });
});
