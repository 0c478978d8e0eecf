import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runVectors } from '../conformance/run.ts';
import { VECTORS_FOLDER } from '../conformance/vectors.ts';
import { RUNNABLE_KERNELS } from '../support/kernels.ts';

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sealroom-runner-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

interface Run {
  readonly exit: number;
  readonly out: readonly string[];
  readonly err: readonly string[];
}

async function run(...args: string[]): Promise<Run> {
  const out: string[] = [];
  const err: string[] = [];
  const exit = await runVectors(args, { out: (line) => out.push(line), err: (line) => err.push(line) });
  return { exit, out, err };
}

/** A part of the vectors; of the operations on tables one of each is enough here. */
async function readPart(part: string): Promise<string> {
  const text = await readFile(join(VECTORS_FOLDER, part), 'utf8');
  if (part !== 'reject.json') return text;
  const { rejected, accepted } = JSON.parse(text) as Record<string, { id: string; op: string }[]>;
  const few = (cases: { id: string; op: string }[] = []): { id: string; op: string }[] =>
    cases.filter(({ op }, index) => !op.endsWith('_csv') || cases.findIndex((other) => other.op === op) === index);
  return JSON.stringify({ rejected: few(rejected), accepted: few(accepted) }, null, 1);
}

/** A folder with one part of the vectors, changed. */
async function copyOf(name: string, part: string, change: (text: string) => string): Promise<string> {
  const copy = join(folder, name);
  await mkdir(copy, { recursive: true });
  const text = await readPart(part);
  const changed = change(text);
  if (changed === text) throw new Error('a copy that is not changed');
  await writeFile(join(copy, part), changed);
  return copy;
}

/** A folder with one file case, one file of it changed. */
async function fileCaseOf(caseName: string, file: string, change: (text: string) => string): Promise<string> {
  const copy = await mkdtemp(join(folder, 'files-'));
  const source = join(VECTORS_FOLDER, 'files');
  await cp(join(source, caseName), join(copy, 'files', caseName), { recursive: true });
  const manifest = JSON.parse(await readFile(join(source, 'manifest.json'), 'utf8')) as { cases: { name: string }[] };
  const cases = manifest.cases.filter(({ name }) => name === caseName);
  await writeFile(join(copy, 'files/manifest.json'), JSON.stringify({ cases }));
  const path = join(copy, 'files', caseName, file);
  const text = await readFile(path, 'utf8');
  const changed = change(text);
  await rm(path, { force: true });
  await writeFile(path, changed);
  return copy;
}

/** Replaces the first match of a pattern. */
function once(pattern: RegExp, replacement: string): (text: string) => string {
  return (text) => text.replace(pattern, replacement);
}

interface Corruption {
  readonly what: string;
  readonly part: string;
  readonly change: (text: string) => string;
  readonly id: string;
  readonly failures: number;
}

const CORRUPTIONS: readonly Corruption[] = [
  {
    what: 'another fingerprint',
    part: 'fingerprint.json',
    change: once(/"expected": "02:hmac:./, '"expected": "02:hmac:+'),
    id: 'fp-001',
    failures: RUNNABLE_KERNELS.length,
  },
  {
    what: 'another fingerprint message',
    part: 'fingerprint.json',
    change: once(/"message_hex": "02"/, '"message_hex": "03"'),
    id: 'fp-001',
    failures: RUNNABLE_KERNELS.length,
  },
  {
    what: 'another sealed cell',
    part: 'sealed.json',
    change: once(/vFEio05G5ZQI6fqLIJ/, 'vFEio05G5ZQI6fqLIK'),
    id: 'se-001',
    failures: RUNNABLE_KERNELS.length,
  },
  {
    what: 'another text of an opened value',
    part: 'sealed.json',
    change: once(/"decrypts_to_csv": ""/, '"decrypts_to_csv": "x"'),
    id: 'se-001',
    failures: RUNNABLE_KERNELS.length,
  },
  {
    what: 'other Parquet bytes of an opened value',
    part: 'sealed.json',
    change: once(/"decrypts_to_parquet_hex": ""/, '"decrypts_to_parquet_hex": "00"'),
    id: 'se-001',
    failures: RUNNABLE_KERNELS.length,
  },
  {
    what: 'another sealing root',
    part: 'keys.json',
    change: once(/"sealed_root_key": ".../, '"sealed_root_key": "AAA'),
    id: 'keys-1',
    failures: 1,
  },
  {
    what: 'another cell key',
    part: 'keys.json',
    change: once(/"key": "rwB/, '"key": "AAA'),
    id: 'keys-1',
    failures: RUNNABLE_KERNELS.length,
  },
  {
    what: 'another result of an accepted cell',
    part: 'reject.json',
    change: once(/"result": "tamper with me"/, '"result": "tamper with it"'),
    id: 'ok-001',
    failures: RUNNABLE_KERNELS.length,
  },
  {
    what: 'another reason for a refusal',
    part: 'reject.json',
    change: once(/"message": "Failed to decrypt."/, '"message": "Ciphertext missing nonce, unable to decrypt."'),
    id: 'rj-001',
    failures: RUNNABLE_KERNELS.length,
  },
  {
    what: 'an untouched cell among the refused ones',
    part: 'reject.json',
    change: once(/02:enc:sFK4/, '02:enc:tFK4'),
    id: 'rj-001',
    failures: RUNNABLE_KERNELS.length,
  },
  {
    what: 'another number of lines',
    part: 'reject.json',
    change: once(/"result": "3 lines"/, '"result": "4 lines"'),
    id: 'ok-054',
    failures: RUNNABLE_KERNELS.length,
  },
  {
    what: 'another normalised header',
    part: 'reject.json',
    change: once(/"result": "mixed case"/, '"result": "Mixed Case"'),
    id: 'ok-030',
    failures: 1,
  },
];

describe('the runner of vectors fails', () => {
  test.each(CORRUPTIONS)('on $what in $part', async ({ what, part, change, id, failures }) => {
    const { exit, out } = await run(await copyOf(what, part, change));
    expect(exit).toBe(1);
    expect(out.slice(0, -1).map((line) => line.split(' ')[0])).toEqual(Array.from({ length: failures }, () => id));
    expect(out.at(-1)).toMatch(new RegExp(`^\\d+ passed, ${String(failures)} failed$`));
  });

  const FILE_CORRUPTIONS: readonly (readonly [string, string, string, (text: string) => string])[] = [
    ['a fingerprint', 'csv-null-token', 'encrypted.csv', once(/02:hmac:./, '02:hmac:+')],
    ['a cleartext value', 'csv-null-token', 'encrypted.csv', once(/\n0,/, '\nzero,')],
    ['a decrypted value', 'csv-null-token', 'decrypted.csv', once(/\n0,/, '\nzero,')],
    ['a lost row', 'csv-null-token', 'encrypted.csv', once(/\n.*\n$/, '\n')],
    ['a header', 'csv-null-token', 'encrypted.csv', once(/"b max"/, '"b min"')],
    ['a number', 'parquet-types', 'decrypted.parquet.json', once(/32767/, '32766')],
    ['raw bytes', 'parquet-types', 'decrypted.parquet.json', once(/00007fff/, '00007ffe')],
    ['a sealed number', 'parquet-types', 'encrypted.parquet.json', once(/32767/, '32766')],
    ['a type', 'parquet-types', 'input.parquet.json', once(/bitWidth=16/, 'bitWidth=32')],
    [
      'an input value where C3R cannot decrypt',
      'parquet-decimal-null-inside',
      'input.parquet.json',
      once(/"\d+\.\d\d"/, '"0.99"'),
    ],
  ];

  test.each(FILE_CORRUPTIONS)('on %s in %s/%s', async (_what, caseName, file, change) => {
    const { exit, out } = await run(await fileCaseOf(caseName, file, change));
    expect(exit).toBe(1);
    expect(out.length).toBeGreaterThan(2);
    expect(out[0]).toMatch(new RegExp(`^${caseName} \\[(native|wasm|node|noble)\\] (en|de)crypt: expected .*, got `));
    expect(out.at(-1)).toMatch(/^\d+ passed, [1-8] failed$/);
  });

  const UNKNOWN: readonly (readonly [what: string, part: string, message: string, change: (text: string) => string])[] =
    [
      [
        'operation',
        'reject.json',
        'operation of rj-090 expected a known one, got `pepper`',
        once(/"op": "salt"/, '"op": "pepper"'),
      ],
      ['type', 'fingerprint.json', 'member `type` of fp-001 expected a text', once(/"type": "STRING"/, '"type": 3')],
      [
        'pad',
        'sealed.json',
        'pad type expected none, fixed or max, got least',
        once(/"pad_type": "fixed"/, '"pad_type": "least"'),
      ],
    ];

  test.each(UNKNOWN)('on an unknown %s, and goes on', async (what, part, message, change) => {
    const { exit, out, err } = await run(await copyOf(`unknown ${what}`, part, change));
    expect({ exit, err }).toEqual({ exit: 1, err: [] });
    expect(out[0]).toContain(`expected a vector that can be understood, got ${message}`);
    expect(out.at(-1)).toMatch(/^[1-9]\d+ passed, [134] failed$/);
  });

  test('on a file case with an unknown argument or a missing file', async () => {
    for (const change of [once(/"--csvInputNULLValue=NA"/, '"--delimiter=;"'), once(/"input.csv"/, '"missing.csv"')]) {
      const copy = await fileCaseOf('csv-null-token', 'input.csv', (text) => text);
      const path = join(copy, 'files/manifest.json');
      await writeFile(path, change(await readFile(path, 'utf8')));
      const { exit, out, err } = await run(copy);
      expect({ exit, err }).toEqual({ exit: 1, err: [] });
      expect(out[0]).toMatch(/^csv-null-token reading the vector: expected a vector that can be understood, got /);
      expect(out.at(-1)).toBe('0 passed, 1 failed');
    }
  });

  test('where there is not one case', async () => {
    const empty = await mkdtemp(join(folder, 'empty-'));
    expect(await run(empty)).toEqual({
      exit: 1,
      out: ['0 passed, 0 failed'],
      err: [`error: ${empty} holds no vectors`],
    });
    await writeFile(join(empty, 'sealed.json'), '{"cells": []}');
    expect((await run(empty)).exit).toBe(1);
  });
});

describe('the runner of vectors passes', () => {
  test('on any part alone', async () => {
    const copy = await mkdtemp(join(folder, 'part-'));
    await cp(join(VECTORS_FOLDER, 'fingerprint.json'), join(copy, 'fingerprint.json'));
    const { exit, out, err } = await run(copy);
    expect({ exit, err }).toEqual({ exit: 0, err: [] });
    expect(out).toHaveLength(1);
    expect(out[0]).toMatch(/^[1-9]\d+ passed, 0 failed$/);
  });
});

describe('the runner of vectors ends with exit code 2 and one line', () => {
  test('without a folder, with two, or with one that is missing', async () => {
    expect((await run()).exit).toBe(2);
    expect((await run('a', 'b')).exit).toBe(2);
    const missing = join(folder, 'missing');
    expect(await run(missing)).toEqual({ exit: 2, out: [], err: [`error: ${missing} is not a folder`] });
  });

  const BROKEN: readonly (readonly [string, (text: string) => string])[] = [
    ['is not JSON', (text) => text.slice(0, -2)],
    ['expected an object', () => '[]'],
    ['member `cells` expected an array', () => '{}'],
  ];

  test.each(BROKEN)('where a file %s', async (message, change) => {
    const { exit, out, err } = await run(await copyOf(message, 'fingerprint.json', change));
    expect({ exit, out }).toEqual({ exit: 2, out: [] });
    expect(err).toEqual([expect.stringMatching(/^error: .+$/)]);
    expect(err[0]).toContain(message);
  });
});

test('the runner of vectors prints no secret and no key', async () => {
  const copy = await copyOf('secrets', 'keys.json', (text) =>
    text.replaceAll(/"((?:\w+_)?key\w*)": "../g, '"$1": "//'),
  );
  const keys = [
    ...(await readFile(join(VECTORS_FOLDER, 'keys.json'), 'utf8')).matchAll(/"(?:secret|\w*key\w*)": "(.+)"/g),
  ];
  const { exit, out } = await run(copy);
  expect(exit).toBe(1);
  const printed = out.join('\n');
  expect(keys.length).toBeGreaterThan(50);
  for (const [, key = ''] of keys) expect(printed).not.toContain(key.slice(2, -2));
});
