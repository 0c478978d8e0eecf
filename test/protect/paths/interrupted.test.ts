import { mkdirSync, rmSync, truncateSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { defaultKernel, type DecryptOptions, type EncryptOptions, type KernelName } from 'sealroom';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { TableMachine } from '#src/protect/machine/machine';
import { Bench, schemaOf } from '../../support/tables.ts';
import { failureOf } from '../../tabular/support.ts';

// Runs that cannot go on, on the fast path and on the ordinary one, which kernels without a machine take: the same errors, nothing left.

const ROWS = 90_000;
const SCHEMA = schemaOf('id:fingerprint', 'note:sealed', 'id>plain:cleartext');
const LINES = Array.from({ length: ROWS }, (_, row) => `id${String(row)},${'note '.repeat(row % 9)}`);
const TABLE = ['id,note', ...LINES, ''].join('\n');

const PATHS: readonly (readonly [path: string, kernel: KernelName])[] = [
  ['fast', defaultKernel()],
  ['ordinary', 'node'],
];

let protectedTable = '';

beforeAll(async () => {
  await using bench = await Bench.start();
  await bench.put('in.csv', TABLE);
  await bench.encrypt('in.csv', 'out.csv', SCHEMA);
  protectedTable = await bench.text('out.csv');
});

afterEach(() => {
  vi.restoreAllMocks();
});

type Options = Partial<EncryptOptions & DecryptOptions>;

/** Puts the input of a direction on the bench, and returns what runs it. */
async function prepare(
  bench: Bench,
  direction: 'encrypt' | 'decrypt',
): Promise<(output: string, options: Options) => Promise<{ readonly rows: number }>> {
  await bench.put('in.csv', direction === 'encrypt' ? TABLE : protectedTable);
  return (output, options) =>
    direction === 'encrypt'
      ? bench.encrypt('in.csv', output, SCHEMA, options)
      : bench.decrypt('in.csv', output, options);
}

describe.each(['encrypt', 'decrypt'] as const)('%s', (direction) => {
  /** The last phase, in which the output is there already. */
  const lastPhase = direction;

  test('whose folder of the output is removed says that it cannot be written', async () => {
    const words: object[] = [];
    for (const [path, kernel] of PATHS) {
      for (const threads of [1, 2]) {
        await using bench = await Bench.start();
        const run = await prepare(bench, direction);
        mkdirSync(bench.path('to'));
        const running = run('to/out.csv', {
          ...{ kernel, threads },
          onProgress({ phase }) {
            if (phase === lastPhase) rmSync(bench.path('to'), { recursive: true, force: true });
          },
        });
        const { code, message, hint } = await failureOf(running);
        words.push({ code, message: message.replaceAll(bench.directory, ''), hint });
        expect(code, path).toBe('IO_WRITE');
        expect(await bench.names()).toEqual(['in.csv', 'tmp']);
      }
    }
    expect(new Set(words.map((each) => JSON.stringify(each))).size).toBe(1);
  });

  test('one of whose threads ends says so, leaves nothing, and wipes the others', async () => {
    for (const [path, kernel] of PATHS) {
      await using bench = await Bench.start();
      const run = await prepare(bench, direction);
      const send = Reflect.get(Worker.prototype, 'postMessage') as (this: Worker, ...given: unknown[]) => void;
      const wiped = vi.spyOn(TableMachine.prototype, 'wipe');
      const ends: Promise<number>[] = [];
      vi.spyOn(Worker.prototype, 'postMessage').mockImplementation(function (this: Worker, message: unknown, list) {
        const { job } = message as { readonly job?: { readonly kind?: string } | null };
        // Of an encryption on the fast path, the pass that writes.
        if (job === undefined || job?.kind === 'deal' || job?.kind === 'prepare') send.call(this, message, list);
        else ends.push(this.terminate());
      });
      const error = await failureOf(run('out.csv', { kernel, threads: 3 }));
      await Promise.all(ends);
      expect([path, error.code, error.message]).toEqual([
        path,
        'IO_ENGINE',
        'a worker thread ended before its work was done',
      ]);
      expect(await bench.names()).toEqual(['in.csv', 'tmp']);
      if (path === 'fast' && direction === 'encrypt') expect(wiped).toHaveBeenCalled();
      vi.restoreAllMocks();
    }
  });

  test('of a file that becomes shorter meanwhile ends with what is there, or says that it cannot be read', async () => {
    for (const [, kernel] of PATHS) {
      for (const threads of [1, 2]) {
        await using bench = await Bench.start();
        const run = await prepare(bench, direction);
        const lines = (await bench.lines('in.csv')).slice(0, ROWS / 2);
        const bytes = Buffer.byteLength(`${lines.join('\n')}\n`);
        let isCut = false;
        const outcome = await run('out.csv', {
          ...{ kernel, threads },
          onProgress() {
            if (!isCut) truncateSync(bench.path('in.csv'), bytes);
            isCut = true;
          },
        }).catch((error: unknown) => error);
        if (outcome instanceof Error) {
          expect(outcome).toMatchObject({ code: expect.stringMatching(/^(IO_READ|DATA_)/) as string });
          expect(await bench.names()).toEqual(['in.csv', 'tmp']);
        } else {
          const { rows } = outcome as { readonly rows: number };
          expect([ROWS, ROWS / 2 - 1]).toContain(rows);
          expect((await bench.lines('out.csv')).length).toBe(rows + 1);
        }
      }
    }
  });
});
