import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SECRET, Session } from '../support/cli.ts';
import { readText } from './repository.ts';

// docs/preparing-data.md as a reader uses it: the files are saved, and every command runs on them.

const TEXT = readText('docs/preparing-data.md');
const ID = '5ea1ed00-d3a0-4c0f-8a00-0000000070a1';

/** The files that the page shows, each under its name. */
const FILES = Object.fromEntries(
  [...TEXT.matchAll(/^`([\w.]+)`, [^\n]+:\n\n```\w+\n([^]*?)^```$/gm)].map(([, name = '', content = '']) => [
    name,
    content,
  ]),
);

const COMMANDS = [...TEXT.matchAll(/^```sh\n([^]*?)^```$/gm)]
  .flatMap(([, block = '']) => block.replaceAll(/ *\\\n */g, ' ').split('\n'))
  .filter((line) => line.startsWith('sealroom '))
  .map((line) => line.replace('$ID', ID).split(' ').slice(1));

let session: Session;

beforeAll(async () => {
  session = await Session.start(FILES);
});

afterAll(async () => {
  await session[Symbol.asyncDispose]();
});

test('shows two files', () => {
  expect(Object.keys(FILES)).toEqual(['customers.csv', 'customers.schema.json']);
});

test.each(COMMANDS.map((argv) => [argv.join(' '), argv] as const))('sealroom %s', async (_line, argv) => {
  const { code, err } = await session.run(argv);
  expect(err).not.toMatch(/^error/m);
  expect(code).toBe(0);
});

describe('the table of steps', () => {
  const rows = [...TEXT.matchAll(/^\| `([a-z:A-Z.]+)` +\|[^|]+\| `(.+?)` +\| `(.+?)` +\|$/gm)].map(
    ([, step = '', from = '', to = '']) => ({ step, from, to }),
  );

  test('has all of them', () => {
    expect(rows.map(({ step }) => step.split(':')[0])).toEqual(
      expect.arrayContaining(['trim', 'lower', 'email', 'phone', 'digits', 'postcode', 'name', 'date', 'number']),
    );
  });

  test.each(rows)('$step makes $to of $from', async ({ step, from, to }) => {
    const schema = {
      headerRow: true,
      columns: [{ sourceHeader: { name: 'a', normalise: [step] }, targetHeader: 'a', type: 'cleartext' }],
    };
    const name = step.replaceAll(/\W/g, '-');
    await session.put(`${name}.csv`, `a\n"${from}"\n`);
    await session.put(`${name}.json`, JSON.stringify(schema));
    const { err } = await session.run(['normalise', `${name}.csv`, '-s', `${name}.json`, '-o', `${name}.out.csv`]);
    expect(err).not.toMatch(/^error/m);
    expect((await session.text(`${name}.out.csv`)).split('\n')[1]?.replaceAll('"', '')).toBe(to);
  });
});

test('the normalised table gives C3R the same fingerprints', async () => {
  const run = async (input: string, schema: string, output: string): Promise<readonly string[]> => {
    const flags = ['--id', ID, '--allow-cleartext', '--allow-duplicates', '-o', output, '-f'];
    const { code, err } = await session.run(['encrypt', input, '-s', schema, ...flags], {
      env: { C3R_SHARED_SECRET: SECRET },
    });
    expect(err).not.toMatch(/^error/m);
    expect(code).toBe(0);
    const lines = (await session.text(output)).trimEnd().split('\n').slice(1);
    return lines.map((line) => line.split(',')[0] ?? '').sort();
  };
  const ours = await run('customers.csv', 'customers.schema.json', 'ours.csv');
  const theirs = await run('customers.clear.csv', 'customers.c3r.json', 'theirs.csv');
  // The null of the last row is random in both.
  expect(ours.filter((cell) => theirs.includes(cell))).toHaveLength(3);
});
