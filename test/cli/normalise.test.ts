import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseTableSchema } from 'sealroom/schema';
import { ID, Session } from '../support/cli.ts';

const SCHEMA = JSON.stringify({
  headerRow: true,
  columns: [
    {
      sourceHeader: { name: 'E-Mail Address', normalise: ['email'], nulls: ['NULL'] },
      targetHeader: 'email',
      type: 'fingerprint',
    },
    { sourceHeader: 'E-Mail Address', targetHeader: 'email_sealed', type: 'sealed', pad: { type: 'none' } },
  ],
});
const TABLE = 'E-Mail Address,id\nAnn@Example.com,1\nNULL,2\nnobody,3\n';

let session: Session;
beforeEach(async () => {
  session = await Session.start({ 'in.csv': TABLE, 'schema.json': SCHEMA });
});
afterEach(async () => {
  await session[Symbol.asyncDispose]();
});

describe('sealroom normalise', () => {
  const argv = ['normalise', 'in.csv', '--schema', 'schema.json', '-o', 'out.csv', '--schema-output', 'plain.json'];

  test('F-116 writes the values and the schema for C3R, without a secret, and says what became of them', async () => {
    const { code, err } = await session.run(argv, { env: {} });
    expect([code, err]).toEqual([
      0,
      [
        'warning: 1 of 3 values of `e_mail_address` could not be normalised and is null',
        'wrote out.csv: its values are not protected',
        'wrote plain.json, the schema that goes with it',
        'rows: 3',
        'normalised `e_mail_address`: 3 values, 1 changed, 1 missing, 1 not understood',
        '',
      ].join('\n'),
    ]);
    expect(await session.text('out.csv')).toBe(
      'e_mail_address,e_mail_address_2\nann@example.com,Ann@Example.com\n,NULL\n,nobody\n',
    );
    expect(parseTableSchema(await session.text('plain.json')).columns).toMatchObject([
      { sourceHeader: 'e_mail_address', targetHeader: 'email', normalise: [] },
      { sourceHeader: 'e_mail_address_2', targetHeader: 'email_sealed' },
    ]);
  });

  test('writes nothing in a dry run, and JSON if asked', async () => {
    const { code, out } = await session.run([...argv, '--dry-run', '--json'], { env: {} });
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      output: null,
      rows: 3,
      normalised: [{ column: 'e_mail_address', values: 3, changed: 1, missing: 1, notUnderstood: 1 }],
      schema: { headerRow: true },
    });
    expect(await session.names()).toEqual(['in.csv', 'schema.json']);
  });

  test.each([
    ['an existing schema', ['--schema-output', 'schema.json'], 1, 'schema.json'],
    ['one file for both', ['--schema-output', 'out.csv'], 2, 'cannot be written to the same file'],
    ['standard output for the schema', ['--schema-output', '-'], 2, '`--schema-output` must be a file'],
  ])('refuses %s, and writes nothing', async (_, more, code, message) => {
    const outcome = await session.run([...argv.slice(0, 6), ...more], { env: {} });
    expect([outcome.code, outcome.err]).toEqual([code, expect.stringContaining(message)]);
    expect(await session.names()).toEqual(['in.csv', 'schema.json']);
    expect(await session.text('schema.json')).toBe(SCHEMA);
  });
});

describe('sealroom encrypt', () => {
  test('F-102 says what became of the values of each column', async () => {
    const settings = ['--allow-cleartext', '--allow-duplicates'];
    const argv = ['encrypt', 'in.csv', '--schema', 'schema.json', '--id', ID, ...settings, '-o', 'out.csv'];
    const { code, err } = await session.run(argv);
    expect(code).toBe(0);
    expect(err).toContain('warning: 1 of 3 values of `email` could not be normalised and is null\n');
    expect(err).toContain('normalised `email`: 3 values, 1 changed, 1 missing, 1 not understood\n');
    expect(err).not.toContain('nobody');
    const json = await session.run([...argv, '--dry-run', '--overwrite', '--json']);
    expect(JSON.parse(json.out)).toMatchObject({ normalised: [{ column: 'email', notUnderstood: 1 }] });
  });
});
