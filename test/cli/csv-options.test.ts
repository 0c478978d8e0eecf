import { describe, expect, test } from 'vitest';
import { ID, Session } from '../support/cli.ts';

const SCHEMA = JSON.stringify({
  headerRow: true,
  columns: [
    { sourceHeader: 'name', targetHeader: 'name', type: 'fingerprint' },
    { sourceHeader: 'city', targetHeader: 'city', type: 'sealed', pad: { type: 'none' } },
  ],
});

const ENCRYPT = ['--schema', 's.json', '--id', ID, '--allow-cleartext', '--allow-duplicates'];

function fingerprintsIn(csv: string): string[] {
  return csv
    .split('\n')
    .slice(1, -1)
    .map((line) => line.split(',')[0] ?? '')
    .sort();
}

describe('a table with another delimiter or encoding', () => {
  const SAME: readonly (readonly [
    what: string,
    file: string,
    content: string | Uint8Array,
    options: readonly string[],
  ])[] = [
    ['commas', 'a.csv', 'name,city\nMüller,Köln\n€,x\n', []],
    ['semicolons', 'a.csv', 'name;city\nMüller;Köln\n€;x\n', []],
    ['semicolons that are given', 'a.csv', 'name;city\nMüller;Köln\n€;x\n', ['--delimiter', ';']],
    ['a sep= line', 'a.csv', 'sep=|\nname|city\nMüller|Köln\n€|x\n', []],
    ['tabs', 'a.tsv', 'name\tcity\nMüller\tKöln\n€\tx\n', []],
    ['tabs that are given', 'a.csv', 'name\tcity\nMüller\tKöln\n€\tx\n', ['--delimiter', '\\t']],
    ['UTF-16', 'a.csv', new Uint8Array(Buffer.from('\ufeffname\tcity\r\nMüller\tKöln\r\n€\tx\r\n', 'utf16le')), []],
    [
      'windows-1252',
      'a.csv',
      new Uint8Array(Buffer.from('name;city\r\nM\xfcller;K\xf6ln\r\n\x80;x\r\n', 'latin1')),
      ['--encoding', 'windows-1252'],
    ],
  ];

  test('F-121 F-123 has the fingerprints of the table with commas in UTF-8, each time', async () => {
    await using session = await Session.start({ 's.json': SCHEMA });
    const all = new Set<string>();
    for (const [what, file, content, options] of SAME) {
      await session.put(file, content);
      for (let time = 0; time < 2; time++) {
        const run = await session.run(['encrypt', file, ...ENCRYPT, '--output', 'o.csv', '--overwrite', ...options]);
        expect([what, run.code, run.err.includes('error')]).toEqual([what, 0, false]);
        all.add(fingerprintsIn(await session.text('o.csv')).join(' '));
      }
    }
    expect(all.size).toBe(1);
  });

  test('has a note on standard error and in the JSON, and none if all is as given', async () => {
    await using session = await Session.start({ 's.json': SCHEMA, 'in.csv': 'name;city\na;b\n' });
    const note = 'in.csv: fields are separated by semicolons (`--delimiter` says otherwise)';
    const run = await session.run(['encrypt', 'in.csv', ...ENCRYPT]);
    expect(run.err).toContain(`note: ${note}\n`);
    const json = await session.run(['encrypt', 'in.csv', ...ENCRYPT, '--overwrite', '--json']);
    expect(JSON.parse(json.out)).toMatchObject({ notes: [note] });
    const given = await session.run(['encrypt', 'in.csv', ...ENCRYPT, '--overwrite', '--delimiter', ';']);
    expect(given.err).not.toContain('note:');
  });

  test('can come through a pipe, and be decrypted and described', async () => {
    await using session = await Session.start({ 's.json': SCHEMA });
    const input = 'name|city\na|b\n';
    const piped = await session.run(['encrypt', '-', '--file-format', 'csv', ...ENCRYPT, '-o', 'o.csv'], { input });
    expect(piped).toMatchObject({ code: 0 });
    expect(piped.err).toContain('note: -: fields are separated by pipes');
    await session.put('p.csv', (await session.text('o.csv')).replaceAll(',', ';'));
    const opened = await session.run(['decrypt', 'p.csv', '--id', ID, '-o', 'back.csv']);
    expect(opened.err).toContain('note: p.csv: fields are separated by semicolons');
    expect(await session.text('back.csv')).toMatch(/^name,city\n02:hmac:[^,]+,b\n$/);
    await session.put('in.csv', input);
    const schema = await session.run(['schema', 'in.csv', '--template']);
    expect(schema).toMatchObject({ code: 0 });
    expect(schema.err).toContain('note: in.csv: fields are separated by pipes');
    const named = await session.run(['schema', 'in.csv', '--template', '-o', 't.json', '--delimiter', ',']);
    expect(named.err).not.toContain('note:');
    expect(await session.text('t.json')).toContain('"sourceHeader": "name|city"');
  });

  test('is written with commas: the name of a .tsv is no output', async () => {
    await using session = await Session.start({ 's.json': SCHEMA, 'in.tsv': 'name\tcity\na\tb\n' });
    expect(await session.run(['encrypt', 'in.tsv', ...ENCRYPT])).toMatchObject({ code: 0 });
    expect(await session.names()).toContain('in.out.csv');
    const refused = await session.run(['encrypt', 'in.tsv', ...ENCRYPT, '-o', 'o.tsv']);
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.err).toContain('CSV is written with commas, not with tabs');
    expect(refused.err).toContain('hint: give the output a name that ends in .csv');
    expect(await session.names()).not.toContain('o.tsv');
  });
});

describe('an option that does not fit', () => {
  test.each([
    [
      'a wrong delimiter',
      ['--delimiter', '|'],
      1,
      'its fields seem to be separated by semicolons: give `--delimiter semicolon`',
    ],
    ['no delimiter', ['--delimiter', 'ab'], 2, '`--delimiter` must be one character, such as `;`, got `ab`'],
    ['no encoding', ['--encoding', 'klingon'], 2, 'unknown encoding `klingon` for `--encoding`'],
    [
      'a delimiter for Parquet',
      ['--file-format', 'parquet', '--delimiter', ';'],
      2,
      '`--delimiter` is for CSV files, got parquet',
    ],
  ])('%s', async (_what, options, code, words) => {
    await using session = await Session.start({ 's.json': SCHEMA, 'in.csv': 'name;city\na;b\n' });
    const run = await session.run(['encrypt', 'in.csv', ...ENCRYPT, ...options]);
    expect(run).toMatchObject({ code });
    expect(run.err).toContain(words);
    expect(await session.names()).toEqual(['in.csv', 's.json']);
  });
});
