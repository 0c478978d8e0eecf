import { chmod, stat } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type Outcome, Session } from '../support/cli.ts';
import { manifestOfContext, signedBy } from '../support/manifests.ts';

const MANIFEST = JSON.stringify(manifestOfContext('agg'), null, 2);

/** A session with a drafted manifest that has the keys of both members. */
async function startDraft(): Promise<Session> {
  const session = await Session.start();
  expect(await session.run(['collab', 'init', 'spring.yaml', '--members', 'brand,pub'])).toMatchObject({ code: 0 });
  let text = await session.text('spring.yaml');
  for (const member of ['brand', 'pub']) {
    const key = await session.run(['collab', 'key', `${member}.key`]);
    text = text.replace('publicKeys: {}', `publicKeys: { sign: '${key.out.trim()}' }`);
  }
  await session.put('spring.yaml', text);
  return session;
}

const sign = (session: Session, member: string): Promise<Outcome> =>
  session.run(['collab', 'sign', 'spring.yaml', '--as', member, '--signing-key', `${member}.key`]);

const verify = (session: Session): Promise<Outcome> => session.run(['collab', 'verify', 'spring.yaml']);

describe('collab', () => {
  test('a manifest is drafted, signed by all, and no longer holds after a change', async () => {
    await using session = await startDraft();
    expect(await verify(session)).toMatchObject({ code: 1, err: expect.stringMatching(/brand: has not signed/) });
    expect(await sign(session, 'brand')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^signed .* as brand\nhash [0-9a-f]{64}\n$/),
    });
    expect(await verify(session)).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^brand: signed\npub: has not signed\n/),
    });
    expect(await sign(session, 'pub')).toMatchObject({ code: 0 });
    expect(await verify(session)).toMatchObject({ code: 0, err: '' });

    await session.put('before.yaml', await session.text('spring.yaml'));
    await session.put(
      'spring.yaml',
      (await session.text('spring.yaml')).replace('allowCleartext: false', 'allowCleartext: true'),
    );
    const changed = await verify(session);
    expect(changed).toMatchObject({
      code: 4,
      out: expect.stringMatching(/^brand: signed another version\npub: signed another version\n/),
    });
    expect(changed.err).toMatch(
      /^error: spring\.yaml: expected signatures that hold; brand: signed another version, pub: signed another version\nhint: .*collab diff/,
    );
    expect((await session.run(['collab', 'diff', 'before.yaml', 'spring.yaml'])).out).toBe(
      'newly allowed\n  the collaboration\n    cleartext columns in encrypted tables\n',
    );
  });

  test('init keeps what is there, and refuses ids that are none', async () => {
    await using session = await startDraft();
    const again = ['collab', 'init', 'spring.yaml', '--members', 'brand,pub'];
    expect(await session.run(again)).toMatchObject({ code: 1, err: expect.stringMatching(/exists|already/) });
    expect(await session.run([...again, '--overwrite', '--name', 'Autumn'])).toMatchObject({ code: 0 });
    expect(parse(await session.text('spring.yaml'))).toMatchObject({
      name: 'Autumn',
      members: [{ id: 'brand' }, { id: 'pub' }],
    });
    const wrong = await session.run(['collab', 'init', 'x.yaml', '--members', 'Brand: [,pub']);
    expect(wrong.code).toBe(1);
    expect(await session.names()).not.toContain('x.yaml');
  });

  test('key makes a private key once, for its owner only, and prints the public one', async () => {
    await using session = await Session.start();
    const first = await session.run(['collab', 'key', 'pub.key']);
    expect(first).toMatchObject({ code: 0, err: expect.stringMatching(/created a signing key in `pub\.key`/) });
    expect((await stat(session.path('pub.key'))).mode & 0o777).toBe(0o600);
    expect(await session.run(['collab', 'key', 'pub.key'])).toEqual({ code: 0, out: first.out, err: '' });
    expect(JSON.parse((await session.run(['collab', 'key', 'pub.key', '--json'])).out)).toEqual({
      sign: first.out.trim(),
      isNew: false,
    });
    await chmod(session.path('pub.key'), 0o644);
    expect(await session.run(['collab', 'key', 'pub.key'])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/the secret file is open to other users/),
    });
    await session.put('other.key', 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=');
    await chmod(session.path('other.key'), 0o600);
    const other = await session.run(['collab', 'key', 'other.key']);
    expect(other).toMatchObject({ code: 1, err: expect.stringMatching(/the file is not a private key in PEM/) });
    expect(other.err).not.toMatch(/AAECAw/);
    expect(await session.run(['collab', 'key', 'none/pub.key'])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/cannot write/),
    });
  });

  test('sign refuses a key of somebody else and leaves the file as it was', async () => {
    await using session = await startDraft();
    const before = await session.text('spring.yaml');
    const typo = await session.run(['collab', 'sign', 'spring.yaml', '--as', 'bradn', '--signing-key', 'brand.key']);
    expect(typo.err).toBe('error: `bradn` is not a member of the collaboration\nhint: did you mean `brand`?\n');
    const outcome = await session.run(['collab', 'sign', 'spring.yaml', '--as', 'pub', '--signing-key', 'brand.key']);
    expect(outcome).toMatchObject({
      code: 2,
      err: expect.stringMatching(/the given key is not the one that the manifest has for pub/),
    });
    expect(await session.text('spring.yaml')).toBe(before);
  });

  test('validate tells every mistake with its place', async () => {
    await using session = await Session.start({
      'good.json': MANIFEST,
      'bad.json': MANIFEST.replace('"minimum": 10', '"minimum": 1').replace('"CAN_QUERY"', '"CAN_FLY"'),
    });
    expect(await session.run(['collab', 'validate', 'good.json'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^valid: 2 members, 7 tables, 2 templates\nhash [0-9a-f]{64}\n$/),
    });
    const bad = await session.run(['collab', 'validate', 'bad.json']);
    expect(bad.code).toBe(1);
    expect(bad.err).toMatch(/^error: bad\.json:\d+:\d+: `members\[0\]\.abilities\[0\]`: expected one of/);
    expect(bad.err).toMatch(/\n {2}\d+:\d+: `tables\[0\]\..*minimum`: expected a whole number from 2/);
    const json = await session.run(['collab', 'validate', 'bad.json', '--json']);
    expect(JSON.parse(json.err)).toMatchObject({
      error: {
        code: 'MANIFEST_INVALID',
        problems: [{ path: 'members[0].abilities[0]' }, { path: expect.stringMatching(/minimum$/) }],
      },
    });
    expect(await session.run(['collab', 'validate', 'none.json'])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/none\.json/),
    });
  });

  test('show tells what is allowed and what is left open', async () => {
    await using session = await Session.start({ 'good.json': MANIFEST });
    const { code, out } = await session.run(['collab', 'show', 'good.json']);
    expect(code).toBe(0);
    expect(out).toMatch(/\n {2}brand \(Northwind Shoes\): asks queries, receives results, pays\n/);
    expect(out).toMatch(/\n {2}table impressions\n {4}COUNT_DISTINCT of `email_fingerprint`\n/);
    expect(out).toMatch(
      /\nlimits\n {2}table impressions\n {4}minimum number of different values of `email_fingerprint` in a row of output: 10\n/,
    );
    expect(out).toMatch(/\nleft open\n {2}table impressions\n {4}lets a member with weights/);
    expect(out).toMatch(/\n {2}the collaboration\n {4}brand can take the difference/);
    expect(out).toMatch(
      /\n {4}brand can choose the rows of a table and find out whether one person is in another table/,
    );
    expect(out).toMatch(/\n {4}the size of an overlap is a result like any other/);
    expect(out).toMatch(/ {2}table raw_users of pub: no queries\n/);
    expect(out).toMatch(/\n {2}queries are in Spark SQL\n/);
    expect(out).not.toMatch(/signature over their rows/);
    await session.put('strict.json', MANIFEST.replace('{', '{ "x-signedTables": "required",'));
    expect((await session.run(['collab', 'show', 'strict.json'])).out).toMatch(
      /\n {2}tables count only with a signature over their rows\n/,
    );
    const json = JSON.parse((await session.run(['collab', 'show', 'good.json', '--json'])).out) as object;
    expect(json).toMatchObject({
      name: 'Spring campaign',
      signatureStates: [{ member: 'brand', state: 'missing' }, {}],
    });
    expect(json).toHaveProperty('leftOpen');
  });

  test('a template is approved in the file', async () => {
    await using session = await startDraft();
    const text = await session.text('spring.yaml');
    const parameters = "[{ name: since, type: date, default: '2026-01-01' }, { name: n, type: int }]";
    await session.put(
      'spring.yaml',
      `${text}\ntemplates:\n  - { id: reach, sql: SELECT 1, parameters: ${parameters} }\n`,
    );
    const approve = ['collab', 'sign', 'spring.yaml', '--as', 'pub', '--signing-key', 'pub.key', '--template', 'reach'];
    expect(await session.run(approve)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^signed `template reach` as pub\n/),
    });
    expect((await session.run(['collab', 'show', 'spring.yaml'])).out).toMatch(
      /\ntemplates\n {2}reach: approved by pub\n {4}since: DATE, default `2026-01-01`\n {4}n: INTEGER\n/,
    );
    expect((await verify(session)).out).toMatch(/pub on template reach: signed\n/);
  });
});

describe('encrypt and decrypt --manifest', () => {
  const schema = {
    headerRow: true,
    columns: [
      { sourceHeader: 'email', targetHeader: 'email', type: 'fingerprint' },
      { sourceHeader: 'note', targetHeader: 'note', type: 'sealed', pad: { type: 'none' } },
      { sourceHeader: 'city', targetHeader: 'city', type: 'cleartext' },
    ],
  };
  const files = {
    'in.csv': 'email,city,note\nann@example.com,Bern,x\nann@example.com,,y\n',
    'schema.json': JSON.stringify(schema),
    'spring.json': signedBy(MANIFEST),
  };
  const encrypt = ['encrypt', 'in.csv', '-s', 'schema.json', '-o', 'out.csv', '--manifest', 'spring.json'];
  const id = '7a2c1e9e-3f5b-4b1e-9f0e-0d6a1d1c2b33';

  test('take id and settings from it', async () => {
    await using session = await Session.start(files);
    expect(await session.run(encrypt)).toMatchObject({ code: 0 });
    expect(await session.run(['decrypt', 'out.csv', '--id', id, '-o', 'a.csv'])).toMatchObject({ code: 0 });
    expect(await session.run(['decrypt', 'out.csv', '--manifest', 'spring.json', '-o', 'b.csv'])).toMatchObject({
      code: 0,
    });
    expect(await session.text('a.csv')).toBe(await session.text('b.csv'));
    const strict = MANIFEST.replace('"allowDuplicates": true', '"allowDuplicates": false');
    await session.put('spring.json', signedBy(strict));
    expect(await session.run([...encrypt, '-f'])).toMatchObject({ code: 3 });
  });

  test('refuse a manifest that was changed after it was signed', async () => {
    await using session = await Session.start(files);
    expect(await session.run(encrypt)).toMatchObject({ code: 0 });
    const changed = (await session.text('spring.json')).replace('"preserveNulls": false', '"preserveNulls": true');
    await session.put('spring.json', changed);
    for (const argv of [
      [...encrypt, '-f'],
      [...encrypt, '-f', '--unsigned'],
    ]) {
      expect(await session.run(argv)).toMatchObject({
        code: 4,
        err: expect.stringMatching(/brand: signed another version/),
      });
    }
  });

  test('refuse an id or settings that say something else, and no id at all', async () => {
    await using session = await Session.start(files);
    expect(await session.run([...encrypt, '--id', id.toUpperCase()])).toMatchObject({ code: 0 });
    const refusals = [
      [...encrypt, '-f', '--id', '00000000-1111-2222-3333-444444444444'],
      [...encrypt, '-f', '--allow-cleartext'],
      [...encrypt, '-f', '--from-clean-rooms'],
      ['decrypt', 'out.csv', '-o', 'a.csv'],
    ];
    for (const argv of refusals) expect(await session.run(argv)).toMatchObject({ code: 2 });
    await session.put('spring.json', '{');
    expect(await session.run([...encrypt, '-f'])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^error: spring\.json:1/),
    });
  });
});
