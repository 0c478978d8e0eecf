import { execFile } from 'node:child_process';
import { chmod } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { generateX25519Identity } from 'age-encryption';
import { describe, expect, test } from 'vitest';
import { loadSharedSecret } from 'sealroom/custody';
import { ID, SECRET, Session } from '../support/cli.ts';

const CHILD = fileURLToPath(new URL('heap-of-run.mjs', import.meta.url));

const SCHEMA = JSON.stringify({
  headerRow: true,
  columns: [
    { sourceHeader: 'name', targetHeader: 'name', type: 'sealed', pad: { type: 'none' } },
    { sourceHeader: 'name', targetHeader: 'key', type: 'fingerprint' },
  ],
});

async function start(identity: string): Promise<Session> {
  const session = await Session.start({
    'in.csv': 'name\nada-of-the-heap\n',
    'schema.json': SCHEMA,
    'a.key': identity,
  });
  await chmod(session.path('a.key'), 0o600);
  const env = { SEALROOM_HOME: session.path('home'), C3R_SHARED_SECRET: SECRET };
  const made = await session.run(['key', 'create', '--import', '--id', ID, '--key', 'age:a.key'], { env });
  expect(made, made.err).toMatchObject({ code: 0 });
  return session;
}

describe('the secret of an envelope', () => {
  test('is in no string that can be reached, neither while a table is encrypted nor after', async () => {
    await using session = await start(await generateX25519Identity());
    const bytes = Buffer.from(SECRET, 'base64');
    const secrets = [
      SECRET.slice(4, 40),
      bytes.toString('hex').slice(4, 40),
      bytes.toString('base64url').slice(4, 40),
      bytes.subarray(4, 20).join(','),
    ];
    // The last one must be found: it shows that the search can find something.
    const needles = [...secrets, 'sourceHeader'];
    const argv = ['encrypt', 'in.csv', '--schema', 'schema.json', '--id', ID, '-o', '-', '--threads', '1'];
    const { stdout } = await promisify(execFile)(process.execPath, [CHILD, session.directory, ...argv], {
      env: { PATH: process.env['PATH'], SEALROOM_HOME: session.path('home'), NEEDLES: JSON.stringify(needles) },
      maxBuffer: 1 << 20,
    });
    const { code, found }: { code: number; found: boolean[][] } = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(found).toHaveLength(2);
    for (const each of found) expect(each).toEqual([...secrets.map(() => false), true]);
  });

  test('cannot be cloned or posted, and says nothing of itself as JSON or text', async () => {
    await using session = await start(await generateX25519Identity());
    const context = {
      env: { SEALROOM_HOME: session.path('home') },
      cwd: session.directory,
      warn: () => undefined,
      askPassphrase: () => Promise.reject(new Error('asked')),
    };
    const held = await loadSharedSecret(
      { collaborationId: ID, purpose: 'test', authorise: () => Promise.resolve() },
      context,
    );
    expect(held).toMatchObject({ collaborationId: ID, generation: 1 });
    expect(() => structuredClone(held)).toThrow();
    expect(() => structuredClone(held.secret)).toThrow();
    expect(JSON.stringify(held.secret)).toBe('"[redacted]"');
    for (const text of [JSON.stringify(held), String(held.secret), JSON.stringify(Object.entries(held))]) {
      expect(text).not.toContain(SECRET.slice(4, 40));
    }
    held[Symbol.dispose]();
    expect(() => held.secret.use(() => 0)).toThrow(TypeError);
  });
});
