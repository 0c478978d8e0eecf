import { lstat, readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { quoteForShell, SealroomError, systemReason } from '../../errors/index.ts';
import { fileExists, isOpenToOthers, requireTrustedPath } from '../../files/index.ts';
import type { MemberHome } from '../home.ts';
import { type Check, checkOk, checkProblem, checkUnknown, checkWarning } from './check.ts';

/** Most entries that are checked. */
const MAX_ENTRIES = 10_000;

/** Checks whether others can change the directories on the way to a home. */
async function checkWay(directory: string): Promise<readonly Check[]> {
  if (!(await fileExists(directory))) return [];
  try {
    await requireTrustedPath(dirname(resolve(directory)));
    return [];
  } catch (error) {
    if (!(error instanceof SealroomError)) throw error;
    const { file = directory } = error.where;
    return [checkProblem('home', `${file}: ${error.message}`, error.hint ?? 'check its owner and mode')];
  }
}

/** Checks whether other users can access a home: the modes and owners of its directories and files, not their content. */
export async function checkFiles({ directory }: MemberHome): Promise<readonly Check[]> {
  const item = 'home';
  const user = process.getuid?.();
  if (user === undefined) return [checkUnknown(item)];
  const open: Check[] = [...(await checkWay(directory))];
  const waiting = [directory];
  for (let seen = 0; waiting.length > 0; seen++) {
    if (seen === MAX_ENTRIES)
      return [...open, checkWarning(item, `more than ${String(seen)} files in ${directory}`, 'keep only keys in it')];
    const path = waiting.pop() ?? directory;
    try {
      const found = await lstat(path);
      const [mode, kind] = [found.mode & 0o777, found.isDirectory() ? 'directory' : 'file'];
      if (found.isSymbolicLink()) {
        open.push(checkWarning(item, `${path} is a link`, 'replace it with the file itself'));
        continue;
      }
      if (found.uid !== user)
        open.push(checkProblem(item, `${path} belongs to another user`, `run \`chown\` on the ${kind}`));
      if (isOpenToOthers(mode, 'any')) {
        const wanted = found.isDirectory() ? '700' : '600';
        open.push(
          checkProblem(
            item,
            `${path} is open to other users, mode ${mode.toString(8)}`,
            `run \`chmod ${wanted} ${quoteForShell(path)}\``,
          ),
        );
      }
      if (found.isDirectory()) waiting.push(...(await readdir(path)).map((name) => join(path, name)));
    } catch (error) {
      const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      if (isMissing && path === directory) return [checkOk(item, `${directory} does not exist yet`)];
      if (!isMissing)
        open.push(checkProblem(item, `${path} cannot be read: ${systemReason(error)}`, 'check its owner and mode'));
    }
  }
  return open.length === 0 ? [checkOk(item, `${directory}, private to its owner`)] : open;
}
