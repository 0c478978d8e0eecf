import { chmod, chown, lchown, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { requireTrustedPath } from '#src/files/trusted-path';

const IS_ROOT = process.getuid?.() === 0;
const STRANGER = 65_534;

let folder = '';

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'sealroom-test-')));
  await mkdir(join(folder, 'a/b'), { recursive: true });
  await writeFile(join(folder, 'a/b/file'), '', { mode: 0o644 });
});

afterEach(() => rm(folder, { recursive: true }));

const at = (name: string): string => join(folder, name);

/** What refuses the path, and what it says. */
async function refusalOf(name: string): Promise<unknown> {
  const refused = requireTrustedPath(at(name));
  await expect(refused).rejects.toMatchObject({ code: 'SECRET_INVALID' });
  return refused.catch((error: unknown) => error);
}

describe('a path', () => {
  test('that only this user and root can change is the one without links', async () => {
    await symlink('a', at('relative'));
    await symlink(at('relative'), at('absolute'));
    for (const name of ['a/b/file', 'a/b/../b//./file', 'relative/b/file', 'absolute/b/file', 'absolute/../a/b/file']) {
      expect(await requireTrustedPath(`${folder}/${name}`)).toBe(at('a/b/file'));
    }
    expect(await requireTrustedPath(at('a'))).toBe(at('a'));
    expect(await requireTrustedPath('/')).toBe('/');
  });

  test.each([0o777, 0o775, 0o757])(
    'is refused if others can write to one of its directories: mode %o',
    async (mode) => {
      await chmod(at('a'), mode);
      expect(await refusalOf('a/b/file')).toMatchObject({
        message: expect.stringMatching(
          new RegExp(`^other users can change this directory: .* its mode ${mode.toString(8)}$`),
        ),
        hint: expect.stringContaining(`chmod go-w ${at('a')}`),
        where: { file: at('a') },
      });
      await chmod(at('a'), mode | 0o1000);
      expect(await requireTrustedPath(at('a/b/file'))).toBe(at('a/b/file'));
    },
  );

  test('is refused if others can write to the file at its end, whatever its sticky bit', async () => {
    await chmod(at('a/b/file'), 0o1622);
    expect(await refusalOf('a/b/file')).toMatchObject({ where: { file: at('a/b/file') } });
  });

  test('is refused if others can move a link on its way', async () => {
    await mkdir(at('shared'));
    await symlink(at('a'), at('shared/link'));
    await symlink(at('shared/link'), at('own'));
    expect(await requireTrustedPath(at('own/b/file'))).toBe(at('a/b/file'));
    await chmod(at('shared'), 0o777);
    expect(await refusalOf('own/b/file')).toMatchObject({ where: { file: at('shared') } });
  });

  test.runIf(IS_ROOT)(
    'is refused if one of its parts belongs to another user, also in a sticky directory',
    async () => {
      await symlink(at('a'), at('link'));
      for (const [part, name] of [
        ['a', 'a/b/file'],
        ['a/b', 'a/b/file'],
        ['a/b/file', 'a/b/file'],
        ['link', 'link/b/file'],
      ] as const) {
        await lchown(at(part), STRANGER, 0);
        const message = expect.stringContaining(`its owner is user ${String(STRANGER)}`) as string;
        expect(await refusalOf(name), part).toMatchObject({ message, where: { file: at(part) } });
        await lchown(at(part), 0, 0);
      }
      await chmod(at('a'), 0o1777);
      await chown(at('a/b'), STRANGER, 0);
      expect(await refusalOf('a/b/file')).toMatchObject({ where: { file: at('a/b') } });
    },
  );

  test('that does not lead anywhere is no refusal, and neither is a circle', async () => {
    await symlink(at('one'), at('other'));
    await symlink(at('other'), at('one'));
    for (const name of ['missing', 'a/b/file/below', 'one']) {
      await expect(requireTrustedPath(at(name))).rejects.toMatchObject({ code: 'IO_READ' });
    }
  });

  test('is refused with the code that is asked for', async () => {
    await chmod(at('a/b'), 0o777);
    await expect(requireTrustedPath(at('a/b/file'), 'CUSTODY_DENIED')).rejects.toMatchObject({
      code: 'CUSTODY_DENIED',
    });
  });
});
