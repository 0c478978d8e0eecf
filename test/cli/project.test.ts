import { chmod, lchown, mkdir, rename, symlink, truncate, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { Session } from '../support/cli.ts';

const PROJECT = 'as: shop\nhome: home\nmanifest: spring.yaml\nroom: room\n';

async function withProject(text = PROJECT): Promise<Session> {
  return Session.start({
    'sealroom.yaml': text,
    'x.csv': 'a\n1\n',
    's.json': '{"headerRow":true,"columns":[{"sourceHeader":"a","targetHeader":"a","type":"fingerprint"}]}',
  });
}

test('gives every command its defaults, also below the folder of the file', async () => {
  await using session = await withProject();
  expect(await session.run(['query', 'SELECT 1'], { env: {} })).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^error: room: not the/),
  });
  expect(await session.run(['member', 'card'])).toMatchObject({
    err: expect.stringContaining("home/card.json: the home has no member's card"),
  });
  expect(await session.run(['collab', 'validate'])).toMatchObject({
    err: expect.stringMatching(/^error: spring.yaml: cannot read/),
  });
  await mkdir(session.path('below'));
  const below = Object.assign(Object.create(Session.prototype) as Session, { directory: session.path('below') });
  expect(await below.run(['collab', 'validate'])).toMatchObject({
    err: expect.stringMatching(
      /spring.yaml: cannot read.*\nhint: `--manifest` is ..\/spring.yaml in ..\/sealroom.yaml/,
    ) as string,
  });
});

test('is overruled by what a command is given, and by variables', async () => {
  await using session = await withProject();
  expect((await session.run(['collab', 'validate', 'other.yaml'])).err).toMatch(/^error: other.yaml: cannot read/);
  expect((await session.run(['member', 'card', '--home', 'mine'])).err).toMatch(/mine\/card.json/);
  expect((await session.run(['member', 'card'], { env: { SEALROOM_HOME: 'theirs' } })).err).toMatch(
    /theirs\/card.json/,
  );
  // An id names the collaboration as well, so the manifest of the file is not meant.
  expect((await session.run(['encrypt', 'x.csv', '-s', 's.json', '--id', 'x'])).err).not.toMatch(/spring.yaml/);
  expect((await session.run(['query', '--as', 'other', '--room=elsewhere', 'SELECT 1'], { env: {} })).err).toMatch(
    /^error: elsewhere:/,
  );
});

test('names the tables that it has, if `--table` names another', async () => {
  await using session = await withProject('as: shop\ntables:\n  readers: { data: r.csv }\n');
  expect(await session.run(['encrypt', '--table', 'raeders'])).toMatchObject({
    code: 2,
    err: expect.stringMatching(
      /^error: sealroom.yaml has no table `raeders`\nhint: did you mean `readers`\?\n/,
    ) as string,
  });
  // A table that is named with all its files needs no entry.
  const argv = ['encrypt', 'r.csv', '--table', 'raeders', '-s', 's.json'];
  expect((await session.run(argv)).err).not.toMatch(/has no table `raeders`\nhint: did you/);
});

test('says of a wrong option where it came from, and of a missing one that it names none', async () => {
  await using session = await withProject('as: shop\nid: nonsense\n');
  expect((await session.run(['encrypt', 'x.csv', '-s', 's.json'])).err).toMatch(/`--id` is nonsense in sealroom.yaml/);
  expect((await session.run(['collab', 'validate'])).err).toMatch(/needs `<manifest>`\nhint: sealroom.yaml names none/);
  // The home is in every command, and not what is wrong here.
  const twice = await session.run(['query', '--room', 'r', '--file', 'q.sql', 'SELECT 1']);
  expect(twice.err).toMatch(/cannot be combined/);
  expect(twice.err).not.toMatch(/`--home`/);
  await using without = await Session.start({});
  expect((await without.run(['collab', 'validate'])).err).not.toMatch(/names none/);
});

test('gives no command a value that is meant for another', async () => {
  await using session = await withProject(`${PROJECT}key: age:home/receive.key\ntrust: room.pub\nid: nonsense\n`);
  // A plain table needs no key of a room, and the key of a signature is another one.
  const decrypt = await session.run(['decrypt', 'x.csv', '--id', '5ea1ed00-d3a0-4c0f-8a00-0000000070a1']);
  expect(decrypt.err).not.toMatch(/need a result package/);
  expect((await session.run(['schema', 'x.csv', '--suggest', '-o', 'o.json'])).code).toBe(0);
  expect((await session.run(['audit', 'show'])).err).not.toMatch(/receive.key|nonsense/);
});

test.each([
  [
    'a key that there is not',
    'mannifest: a\n',
    /sealroom.yaml:1:1: unknown key `mannifest`\nhint: did you mean `manifest`\?/,
  ],
  ['what makes a check weaker', 'unsigned: true\n', /makes no check weaker/],
  ['a secret', 'secret: abc\n', /holds no secret/],
])('is refused with %s', async (_, text, words) => {
  await using session = await withProject(text);
  expect(await session.run(['status'])).toMatchObject({
    code: 2,
    out: '',
    err: expect.stringMatching(words) as string,
  });
});

test.skipIf(process.platform === 'win32')(
  'is ignored, with a warning, where other users can change it or its folder',
  async () => {
    await using session = await withProject();
    await chmod(session.path('sealroom.yaml'), 0o666);
    const ignored =
      /^warning: .*sealroom.yaml is ignored: any user can change .*\nerror: `sealroom collab validate` needs `<manifest>`/;
    expect((await session.run(['collab', 'validate'])).err).toMatch(ignored);
    await chmod(session.path('sealroom.yaml'), 0o644);
    await chmod(session.directory, 0o777);
    expect((await session.run(['collab', 'validate'])).err).toMatch(ignored);
    await chmod(session.directory, 0o1777);
    expect((await session.run(['collab', 'validate'])).err).toMatch(/spring.yaml: cannot read/);
  },
);

test.skipIf(process.getuid?.() !== 0)('is ignored where it belongs to another user', async () => {
  await using session = await withProject();
  const { chown } = await import('node:fs/promises');
  const uid = process.getuid;
  // Root may read it; the owner is looked at, not what is allowed.
  process.getuid = () => 12345;
  try {
    await chown(session.path('sealroom.yaml'), 54321, 54321);
    expect((await session.run(['collab', 'validate'])).err).toMatch(/is ignored: another user owns/);
  } finally {
    if (uid !== undefined) process.getuid = uid;
  }
});

test.skipIf(process.getuid?.() !== 0)('is ignored where another user made the link to it', async () => {
  await using session = await withProject();
  await mkdir(session.path('mine'));
  await rename(session.path('sealroom.yaml'), session.path('mine/sealroom.yaml'));
  await symlink('mine/sealroom.yaml', session.path('sealroom.yaml'));
  expect((await session.run(['collab', 'validate'])).err).toMatch(/spring.yaml: cannot read/);
  // Its paths would count from the folder with the link, where the other user can put keys.
  await lchown(session.path('sealroom.yaml'), 54321, 54321);
  expect((await session.run(['collab', 'validate'])).err).toMatch(/is ignored: another user owns/);
});

test.skipIf(process.platform === 'win32')(
  'is ignored where others can change the folder that a link leads to',
  async () => {
    await using session = await withProject();
    await mkdir(session.path('open'));
    await rename(session.path('sealroom.yaml'), session.path('open/sealroom.yaml'));
    await symlink('open/sealroom.yaml', session.path('sealroom.yaml'));
    await chmod(session.path('open'), 0o777);
    expect((await session.run(['collab', 'validate'])).err).toMatch(/is ignored: any user can change .*open/);
  },
);

test('is not read if it is huge', async () => {
  await using session = await withProject();
  await truncate(session.path('sealroom.yaml'), 2 ** 40);
  expect(await session.run(['status'])).toMatchObject({
    code: 2,
    err: 'error: sealroom.yaml: at most 1000000 bytes, got 1099511627776\n',
  });
});

test('gives no command to copy that a shell would take apart', async () => {
  await using session = await withProject('as: "x; id; $(id)"\n');
  expect((await session.run(['status'])).out).toContain("sealroom collab init --as 'x; id; $(id)'\n");
});

test('can be switched off', async () => {
  await using session = await withProject('nonsense');
  const env = { SEALROOM_NO_PROJECT: '1' };
  expect((await session.run(['collab', 'validate'], { env })).err).toMatch(
    /^error: `sealroom collab validate` needs `<manifest>`/,
  );
});

test('`collab init` writes one only where none is in use', async () => {
  await using session = await withProject('manifest: other.yaml # mine\n');
  const { code, out } = await session.run(['collab', 'init', 'a.yaml', '--members', 'a,b']);
  expect([code, out]).toEqual([0, expect.stringContaining('left `sealroom.yaml` as it is')]);
  expect(await session.text('sealroom.yaml')).toBe('manifest: other.yaml # mine\n');
  await writeFile(session.path('sealroom.yaml'), '');
});
