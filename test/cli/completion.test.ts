import { readFile } from 'node:fs/promises';
import { parseManifest } from 'sealroom/collab';
import { expect, test } from 'vitest';
import { answerCompletion } from '#cli/completion/answer';
import { kindOf } from '#cli/completion/kinds';
import { PROVIDER_SCHEMES } from '#src/custody/providers/providers';
import { Session } from '../support/cli.ts';

const words = (...line: string[]): Promise<string[]> => wordsIn(process.cwd(), ...line);

const wordsIn = async (cwd: string, ...line: string[]): Promise<string[]> =>
  (await answerCompletion(cwd, line))
    .split('\n')
    .map((each) => each.split('\t')[0] ?? '')
    .filter((each) => each !== '');

// The words before the cursor and the one at it, and what is offered.
test.each([
  [['enc'], ['encrypt']],
  [['--ver'], ['--version']],
  [
    ['key', 're'],
    ['request', 'receive'],
  ],
  [
    ['encrypt', '--kernel', ''],
    ['native', 'wasm', 'node', 'noble'],
  ],
  [
    ['encrypt', '--kernel=n'],
    ['--kernel=native', '--kernel=node', '--kernel=noble'],
  ],
  [['encrypt', 'a.csv', '-e', 'p'], ['parquet']],
  [['encrypt', 'a.csv', '--output-format=a'], ['--output-format=arrow']],
  [['encrypt', ''], [':files']],
  [['encrypt', 'a.csv', '--schema', 'x'], [':files']],
  [['encrypt', 'a.csv', '--schema=x'], [':files']],
  [['encrypt', '--', '-'], [':files']],
  [['query', '--room', ''], [':directories']],
  [['key', 'create', '--key', 'aw'], ['aws-kms:']],
  [['key', 'rotate', 'a.csv', 'b'], [':files']],
  [
    ['completion', ''],
    ['bash', 'zsh', 'fish'],
  ],
  [
    ['check', '--manifest', 'samples/room/manifest.json', '--as', ''],
    ['shoes', 'paper'],
  ],
  [['check', '--manifest=samples/room/manifest.json', '--as=p'], ['--as=paper']],
  [['room', 'add', '--room', 'r', 'samples/room/manifest.json'], []],
  [['check', '--manifest', 'nothing.yaml', '--as', ''], []],
  [['query', '--a'], ['--as']],
  [['nothing', ''], []],
  [['encrypt', '--id', ''], []],
])('%j: %j', async (line, offered) => {
  expect(await words(...line)).toEqual(offered);
});

test('an option is offered until it is given, and often if it may be repeated', async () => {
  expect(await words('query', '--as', 'x', '--f')).toEqual(['--file', '--for']);
  expect(await words('query', '--for', 'x', '--file', 'y', '--f')).toEqual(['--for']);
  expect(await words('encrypt', 'a.csv', '-s', 'x', '--schem')).toEqual([]);
  expect((await words('encrypt', 'a.csv', ''))[0]).toBe('--schema');
  expect((await words('query', ''))[0]).toBe('--room');
});

test('names are those of the project file’s manifest if the line names none', async () => {
  const manifest = await readFile('samples/room/manifest.json', 'utf8');
  await using session = await Session.start({ 'm.json': manifest, 'sealroom.yaml': 'manifest: m.json\n' });
  const cwd = session.path('.');
  expect(await wordsIn(cwd, 'check', '--as', '')).toEqual(['shoes', 'paper']);
  expect(await wordsIn(cwd, 'encrypt', '--table=')).toEqual(
    parseManifest(manifest).tables.map(({ name }) => `--table=${name}`),
  );
  expect(await wordsIn(cwd, 'check', '--manifest', 'nothing.json', '--as', '')).toEqual([]);
  await session.put('sealroom.yaml', 'manifest: [');
  expect(await wordsIn(cwd, 'check', '--as', '')).toEqual([]);
});

test('schemes of keys are those of the providers', () => {
  const kind = kindOf('encrypt', 'key', []);
  const values = kind.kind === 'values' ? kind.values : [];
  expect([...values].sort()).toEqual(PROVIDER_SCHEMES.map((scheme) => `${scheme}:`).sort());
});

test('each shell has a script, and the documents say how to install it', async () => {
  await using session = await Session.start();
  const page = await readFile('docs/completion.md', 'utf8');
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, out } = await session.run(['completion', shell]);
    expect(code).toBe(0);
    expect(out).toContain('sealroom --complete');
    expect(page).toContain(`sealroom completion ${shell}`);
  }
  expect(await session.run(['completion', 'tcsh'])).toMatchObject({ code: 2 });
});
