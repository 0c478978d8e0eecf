import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createTerminalPrompter } from '#cli/prompts/prompts';
import { editSchema } from '#cli/prompts/schema-editor';
import type { SourceField } from 'sealroom/schema';
import { COLUMN_KINDS, describeTableSchema, parseTableSchema, readSourceTable } from 'sealroom/schema';
import { type Outcome, Session } from '../support/cli.ts';

const CSV = [
  'E-Mail,region,note',
  ...Array.from({ length: 40 }, (_, i) => `a${String(i)}@x.de,${i % 2 === 0 ? 'north' : 'south'},n ${String(i)}`),
  '',
].join('\n');

const PROPOSAL =
  'e-mail (email) -> e_mail_fingerprint fingerprint, e-mail -> e_mail_sealed sealed, region -> region cleartext, note -> note_sealed sealed';

async function start(files: Readonly<Record<string, string>> = { 'in.csv': CSV }): Promise<Session> {
  return Session.start(files);
}

/** Runs the editor with one answer a line. */
function edit(session: Session, answers: readonly string[], ...options: readonly string[]): Promise<Outcome> {
  const input = answers.map((line) => `${line}\n`).join('');
  return session.run(['schema', 'in.csv', '--suggest', '--interactive', ...options], { input });
}

async function describeFile(session: Session, name = 'in.csv.json'): Promise<string> {
  return describeTableSchema(parseTableSchema(await session.text(name)));
}

describe('the editor', () => {
  test('starts from the suggestion, as one table, and saves it as it is', async () => {
    await using session = await start();
    const { code, err } = await edit(session, ['save']);
    expect(code).toBe(0);
    expect(await describeFile(session)).toBe(PROPOSAL);
    expect(err).toMatch(/column +kind +target +pad +normalise +warnings/);
    expect(err).toMatch(/\n +1 {2}e-mail +fingerprint +e_mail_fingerprint +email\n/);
    expect(err).toMatch(/\n +4 {2}note +sealed +note_sealed +max 0\n/);
    expect(await session.names()).toEqual(['in.csv', 'in.csv.json']);
  });

  test('changes any row in any order, and goes back', async () => {
    await using session = await start();
    const answers = [
      ...['3', 'kind', 'sealed', 'pad', 'fixed', '40', 'back'],
      ...['1', 'normalise', 'trim, lower', 'null-texts', 'n/a, -', 'back'],
      ...['4', 'target', 'Remark', 'kind', 'f', 'back'],
      ...['3', 'kind', 'cleartext', 'back'],
      'save',
    ];
    expect((await edit(session, answers)).code).toBe(0);
    expect(await describeFile(session)).toBe(
      'e-mail (trim, lower, nulls) -> e_mail_fingerprint fingerprint, e-mail -> e_mail_sealed sealed, region -> region cleartext, note -> remark fingerprint',
    );
    expect(parseTableSchema(await session.text('in.csv.json')).columns[0]?.nulls).toEqual(['n/a', '-']);
  });

  test('gives a target the header of its new kind, unless it was named by hand', async () => {
    await using session = await start();
    await edit(session, ['3', 'kind', 's', 'back', '4', 'target', 'mine', 'kind', 'f', 'back', 'save']);
    expect(await describeFile(session)).toMatch(/region -> region_sealed sealed, note -> mine fingerprint$/);
  });

  test('adds a target, removes one, and takes in a column that was left out', async () => {
    await using session = await start();
    const { err } = await edit(session, [
      ...['3', 'add', 'fingerprint', '5', 'remove', '1', 'remove', '4', 'add', 'sealed', 'save'],
    ]);
    expect(err).toContain('left out');
    expect(await describeFile(session)).toBe(
      'e-mail -> e_mail_sealed sealed, region -> region cleartext, region -> region_fingerprint fingerprint, note -> note_sealed sealed',
    );
  });

  test.each([
    [
      'a header that is used',
      ['1', 'target', 'region', 'mail', 'back', 'save'],
      'another target column has this header',
    ],
    ['a header that breaks the rule', ['1', 'target', 'a--b', 'mail', 'back', 'save'], 'must not have a hyphen'],
    ['an unknown step', ['1', 'normalise', 'emial', 'email', 'back', 'save'], 'expected a normalising step'],
    ['a row that is not there', ['9', 'save'], 'answer with a word or number from the left'],
  ])('asks again after %s', async (_, answers, message) => {
    await using session = await start();
    const { code, err } = await edit(session, answers);
    expect(code).toBe(0);
    expect(err).toContain(message);
  });

  test('offers no cleartext where it is forbidden', async () => {
    await using session = await start();
    const { err } = await edit(session, ['1', 'kind', 'c', 'f', 'back', 'save'], '--allow-cleartext=false');
    expect(err).toContain('answer [s]ealed or [f]ingerprint');
    expect(await describeFile(session)).not.toContain('cleartext');
  });

  test('with no target column left writes nothing', async () => {
    await using session = await start({ 'in.csv': 'a\nx y\n' });
    const { code, err } = await edit(session, ['1', 'remove', 'save']);
    expect(code).toBe(0);
    expect(err).toContain('no target columns: nothing was written');
    expect(await session.names()).toEqual(['in.csv']);
  });

  test('never shows a value unless samples are asked for', async () => {
    await using session = await start();
    const { err } = await edit(session, ['1', 'back', 'save']);
    expect(err).toContain('`e-mail` holds: e-mail addresses');
    expect(err).not.toMatch(/@x\.de|north/);
  });
});

describe('a session that is cancelled', () => {
  test.each([
    ['by quitting', ['3', 'kind', 'sealed', 'back', 'quit']],
    ['by the end of the answers', ['3', 'kind', 'sealed']],
  ])('%s keeps what was done, without values, and the next one goes on', async (_, answers) => {
    await using session = await start();
    const stopped = await edit(session, answers);
    expect(stopped.code).toBe(1);
    expect(stopped.err).toContain('what you did is kept in `in.csv.json.draft`; the same command goes on with it');
    expect(await session.names()).toEqual(['in.csv', 'in.csv.json.draft']);
    expect(await session.text('in.csv.json.draft')).not.toMatch(/@x\.de|north/);
    const { code, err } = await edit(session, ['yes', 'save']);
    expect(code).toBe(0);
    expect(err).toContain('`in.csv.json.draft` has what an earlier session left; go on with it?');
    expect(await describeFile(session)).toContain('region -> region_sealed sealed');
    expect(await session.names()).toEqual(['in.csv', 'in.csv.json']);
  });

  test('can be forgotten', async () => {
    await using session = await start();
    await edit(session, ['3', 'kind', 'sealed', 'back', 'quit']);
    await edit(session, ['no', 'save']);
    expect(await describeFile(session)).toBe(PROPOSAL);
    expect(await session.names()).toEqual(['in.csv', 'in.csv.json']);
  });

  test('leaves nothing if nothing was done', async () => {
    await using session = await start();
    const { code } = await edit(session, ['quit']);
    expect(code).toBe(1);
    expect(await session.names()).toEqual(['in.csv']);
  });

  test('goes on without columns that the table has no more', async () => {
    await using session = await start();
    await edit(session, ['3', 'kind', 'sealed', 'back', 'quit']);
    await session.put('in.csv', CSV.replace('region', 'area'));
    const { code, err } = await edit(session, ['yes', 'save']);
    expect(code).toBe(0);
    expect(await describeFile(session)).not.toContain('region');
    expect(err).toMatch(/area +left out/);
  });

  test('whose draft was damaged says where', async () => {
    await using session = await start({ 'in.csv': CSV, 'in.csv.json.draft': '{' });
    const { code, err } = await edit(session, ['save']);
    expect(code).toBe(1);
    expect(err).toContain('in.csv.json.draft');
  });
});

describe('at a terminal', () => {
  const text = (name: string): SourceField => ({ name, content: 'text', kinds: COLUMN_KINDS });

  test('rows are chosen with the arrow keys', async () => {
    const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => input });
    const output = Object.assign(new PassThrough(), { isTTY: true, columns: 120, rows: 24 });
    let shown = '';
    output.on('data', (chunk: Buffer) => (shown += chunk.toString()));
    const table = readSourceTable([text('a'), text('b')], true);
    const schema = parseTableSchema(
      JSON.stringify({ headerRow: true, columns: [{ sourceHeader: 'a', targetHeader: 'a', type: 'cleartext' }] }),
    );
    const prompter = createTerminalPrompter(input, output);
    const start = { table, schema, allowCleartext: true, notes: new Map(), onChange: () => undefined };
    const edited = editSchema(start, prompter);
    const [down, enter] = ['\u001b[B', '\r'];
    const up = '\u001b[A';
    // The first row, its kind, sealed; back; save.
    for (const key of [down, enter, up, up, up, up, enter, enter, enter, up, enter]) {
      input.write(key);
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(describeTableSchema((await edited) ?? expect.fail('expected a schema, got none'))).toBe(
      'a -> a_sealed sealed',
    );
    expect(shown).toMatch(/column +kind +target/);
    prompter.close();
  });
});
