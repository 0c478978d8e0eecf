import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSecretFromEnvironment } from 'sealroom/custody';
import { SECRET } from '../support/cli.ts';

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sealroom-test-'));
});

afterAll(() => rm(folder, { recursive: true }));

async function secretFile(text: string, mode = 0o600): Promise<string> {
  const file = join(folder, `secret-${String(mode)}-${String(text.length)}`);
  await writeFile(file, text);
  await chmod(file, mode);
  return file;
}

test('the secret of the variable and of the file are the same secret', async () => {
  using fromVariable = await readSecretFromEnvironment({ C3R_SHARED_SECRET: SECRET });
  for (const end of ['', '\n', '\r\n']) {
    using fromFile = await readSecretFromEnvironment({ SEALROOM_SECRET_FILE: await secretFile(SECRET + end) });
    expect(fromFile.equals(fromVariable)).toBe(true);
  }
});

test.each([
  ['nothing', {}, 'SECRET_MISSING'],
  ['both', { C3R_SHARED_SECRET: SECRET, SEALROOM_SECRET_FILE: 'x' }, 'SECRET_INVALID'],
  ['a line break in the variable', { C3R_SHARED_SECRET: `${SECRET}\n` }, 'SECRET_INVALID'],
  ['a missing file', { SEALROOM_SECRET_FILE: '/nonexistent/secret' }, 'SECRET_INVALID'],
])('refuses %s, without showing the secret', async (_, env, code) => {
  const error: unknown = await readSecretFromEnvironment(env).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code });
  expect(inspect(error, { depth: 9 })).not.toContain(SECRET.slice(4, 20));
});

test('refuses a file that others can read, and one with more than one line', async () => {
  const open = await secretFile(SECRET, 0o640);
  await expect(readSecretFromEnvironment({ SEALROOM_SECRET_FILE: open })).rejects.toMatchObject({
    code: 'SECRET_INVALID',
    where: { file: open },
    hint: `run \`chmod 600 ${open}\``,
  });
  const lines = await secretFile(`${SECRET}\n\n`);
  await expect(readSecretFromEnvironment({ SEALROOM_SECRET_FILE: lines })).rejects.toMatchObject({
    code: 'SECRET_INVALID',
  });
});
