import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { readPublicKeyOf } from 'sealroom/custody';
import { ID } from '../support/cli.ts';
import { HomeSession } from '../support/homes.ts';

const SCHEMA = JSON.stringify({
  headerRow: true,
  columns: [
    { sourceHeader: 'mail', targetHeader: 'mail', type: 'sealed', pad: { type: 'max', length: 0 } },
    { sourceHeader: 'city', targetHeader: 'city', type: 'cleartext' },
  ],
});
const CSV = 'mail,city\nada@example.org,London\ngrace@example.org,Arlington\nmary@example.org,""\n';
const ENCRYPT = ['encrypt', 'in.csv', '--id', ID, '--allow-cleartext', '-s', 's.json'];
const DECRYPT = ['--id', ID, '-o', 'out.csv', '-f'];

/** A home with keys and a secret, and a signed table. */
async function withSigned(action: (home: HomeSession) => Promise<void>): Promise<void> {
  await using home = await HomeSession.start({ 'in.csv': CSV, 's.json': SCHEMA });
  await home.done(['member', 'init', '--id', 'brand']);
  await home.done(['key', 'create', '--id', ID, '--key', 'age:a.key']);
  await home.done([...ENCRYPT, '--sign', '--table', 'people', '-r', 'NONE', '-o', 't.csv']);
  await action(home);
}

const SIGNATURE = 't.csv.sealroom.sig.json';

async function swapCells(home: HomeSession, from: string, to: string): Promise<void> {
  const [header = '', first = '', second = '', ...others] = (await readFile(home.path(from), 'utf8')).split('\n');
  const [[a, b], [c, d]] = [first.split(','), second.split(',')];
  await writeFile(home.path(to), [header, `${a ?? ''},${d ?? ''}`, `${c ?? ''},${b ?? ''}`, ...others].join('\n'));
  await copyFile(home.path(SIGNATURE), home.path(`${to}.sealroom.sig.json`));
}

test('a signed table is decrypted, its empty texts stay, and the summary says who signed it', () =>
  withSigned(async (home) => {
    const { err } = await home.done(['decrypt', 't.csv', ...DECRYPT]);
    expect(err).toMatch(/^signed by ed25519:\S+: the rows are those that were signed$/m);
    expect((await readFile(home.path('out.csv'), 'utf8')).split('\n').sort()).toEqual(CSV.split('\n').sort());
    const { out } = await home.done(['decrypt', 't.csv', ...DECRYPT, '--json']);
    expect(JSON.parse(out)).toMatchObject({ signedBy: expect.stringMatching(/^ed25519:/) as string });
  }));

test('a table whose cells were moved is refused with exit code 4, one error and no output', () =>
  withSigned(async (home) => {
    await swapCells(home, 't.csv', 'moved.csv');
    const { code, err } = await home.run(['decrypt', 'moved.csv', ...DECRYPT]);
    expect({ code, err }).toMatchObject({ code: 4 });
    expect(err).toMatch(/^error: .*moved\.csv: the rows are not those that were signed$/m);
    expect(err).toMatch(/^hint: .*again from its owner/m);
    await expect(readFile(home.path('out.csv'))).rejects.toMatchObject({ code: 'ENOENT' });
    await home.done(['key', 'rotate', '--id', ID]);
    expect(await home.run(['reencrypt', 'moved.csv', ...DECRYPT])).toMatchObject({ code: 4 });
    await home.done(['reencrypt', 't.csv', '--id', ID, '--sign', '-o', 'new.csv']);
    await home.done(['decrypt', 'new.csv', ...DECRYPT]);
    const { payload } = JSON.parse(await readFile(home.path('new.csv.sealroom.sig.json'), 'utf8')) as {
      payload: string;
    };
    expect(JSON.parse(Buffer.from(payload, 'base64').toString())).toMatchObject({ table: 'people', generation: 2 });
  }));

test('a signature by a key that is not known is refused, and by one that is pinned it is not', () =>
  withSigned(async (home) => {
    await home.done(['member', 'init', '--id', 'pub', '--home', 'other']);
    const { code, err } = await home.run(['decrypt', 't.csv', ...DECRYPT], {
      env: { SEALROOM_HOME: home.path('other') },
    });
    expect(code).toBe(4);
    expect(err).toMatch(/signed with a key that is not known here/);
    expect(err).toMatch(/^hint: pin its owner's card/m);
  }));

test('with a manifest, a table that another member signed in the place of its owner is refused', () =>
  withSigned(async (home) => {
    const other = ['--home', 'other'];
    await home.done(['member', 'init', '--id', 'pub', ...other]);
    const theirs = await readPublicKeyOf(home.path('other/sign.key'));
    const own = await readPublicKeyOf(home.path('home/sign.key'));
    const decrypt = ['decrypt', 't.csv', '--manifest', 'm.json', '--unsigned', '-o', 'out.csv', '-f'];
    await home.session.put('m.json', OWNED(own ?? '', theirs ?? ''));
    await home.done(decrypt);
    await home.session.put('m.json', OWNED(own ?? '', theirs ?? '').replace('"owner":"brand"', '"owner":"pub"'));
    const { code, err } = await home.run(decrypt);
    expect({ code, err }).toMatchObject({ code: 4 });
    expect(err).toMatch(/signed with a key that is not that of pub, who owns it\nhint: .* from pub;/);
    expect(await home.run(['reencrypt', ...decrypt.slice(1)])).toMatchObject({ code: 4 });
    await home.done([...ENCRYPT, '--sign', '-f', '-o', 't.csv']);
    const nameless = await home.done(decrypt);
    expect(nameless.err).toMatch(
      /^warning: .*sig\.json names no table, so that nothing says whose table it is; it was signed with ed25519:/m,
    );
    expect((await home.done(['decrypt', 't.csv', ...DECRYPT])).err).not.toMatch(/names no table/);
  }));

test('the secret that was signed is the one that opens the table', () =>
  withSigned(async (home) => {
    const env = { C3R_SHARED_SECRET: Buffer.alloc(32, 9).toString('base64') };
    await home.done([...ENCRYPT, '--sign', '-o', 'x.csv'], { env });
    await home.done(['decrypt', 'x.csv', ...DECRYPT], { env });
    const other = { C3R_SHARED_SECRET: Buffer.alloc(32, 8).toString('base64') };
    const { code, err } = await home.run(['decrypt', 'x.csv', ...DECRYPT], { env: other });
    expect({ code, err }).toMatchObject({ code: 1 });
    expect(err).toMatch(/the table was signed for secret [0-9a-f]{64}, got [0-9a-f]{64}/);
  }));

test('a table for another collaboration, and options that do not go together', () =>
  withSigned(async (home) => {
    const usage = async (argv: readonly string[], words: RegExp): Promise<void> => {
      const { code, err } = await home.run(argv);
      expect({ code, err }).toMatchObject({ code: 2, err: expect.stringMatching(words) as string });
    };
    const id = '00000000-1111-2222-3333-444444444445';
    await usage(['decrypt', 't.csv', '--id', id, '-o', 'x.csv'], /belongs to another collaboration/);
    await usage([...ENCRYPT, '--table', 'people', '-o', 'x.csv'], /`--table` needs `--manifest`/);
    await usage([...ENCRYPT, '--sign', '-o', '-'], /its output must be a file/);
    await usage([...ENCRYPT, '--sign', '-w', 'NULL', '-o', 'x.csv'], /has nothing for a null/);
  }));

const STRANGER = `ed25519:${Buffer.alloc(32, 3).toString('base64')}`;

const OWNED = (sign: string, ofPub = STRANGER): string =>
  JSON.stringify({
    version: 1,
    id: ID,
    name: 'Spring',
    settings: {
      allowCleartext: true,
      allowDuplicates: true,
      allowJoinsOnColumnsWithDifferentNames: false,
      preserveNulls: true,
    },
    members: [
      { id: 'brand', abilities: ['CAN_QUERY'], publicKeys: { sign } },
      { id: 'pub', abilities: [], publicKeys: { sign: ofPub } },
    ],
    tables: [
      ['people', 'brand', ['mail', 'city']],
      ['towns', 'brand', ['city', 'country']],
      ['others', 'pub', ['mail', 'city']],
    ].map(([name, owner, columns]) => ({
      ...{ name, owner },
      columns: (columns as string[]).map((column) => ({
        name: column,
        protection: column === 'mail' ? 'sealed' : 'cleartext',
        type: 'VARCHAR',
      })),
    })),
  });

test('with a manifest, the signature has its hash and the name of the table that fits', () =>
  withSigned(async (home) => {
    const sign = await readPublicKeyOf(home.path('home/sign.key'));
    await home.session.put('m.json', OWNED(sign ?? ''));
    const encrypt = ['encrypt', 'in.csv', '--manifest', 'm.json', '--unsigned', '-s', 's.json', '--sign', '-f'];
    await home.done([...encrypt, '-o', 'm.csv']);
    const { payload } = JSON.parse(await readFile(home.path('m.csv.sealroom.sig.json'), 'utf8')) as { payload: string };
    expect(JSON.parse(Buffer.from(payload, 'base64').toString())).toMatchObject({
      table: 'people',
      manifestSha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
    const usage = async (table: string, words: RegExp): Promise<void> => {
      const { code, err } = await home.run([...encrypt, '-o', 'm.csv', '--table', table]);
      expect({ code, err }).toMatchObject({ code: 2, err: expect.stringMatching(words) as string });
    };
    await usage('peolpe', /did you mean `?people/);
    await usage('others', /is not one with which pub signs tables/);
    await home.session.put('m.json', OWNED(sign ?? '').replaceAll('"owner":"pub"', '"owner":"brand"'));
    expect(await home.run([...encrypt, '-o', 'm.csv'])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/it is not clear which table of the manifest this is/) as string,
    });
    await home.session.put('m.json', OWNED(`ed25519:${Buffer.alloc(32, 5).toString('base64')}`));
    const { code, err } = await home.run([...encrypt, '-o', 'm.csv']);
    expect({ code, err }).toMatchObject({ code: 4, err: expect.stringMatching(/another is pinned/) as string });
  }));
