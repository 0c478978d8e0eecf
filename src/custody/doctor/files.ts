import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemReason } from '../../errors/index.ts';
import { isOpenToOthers } from '../../files/index.ts';
import type { MemberHome } from '../home.ts';
import { type Check, checkOk, checkProblem, checkUnknown, checkWarning } from './check.ts';

/** Entries that are looked at, at most. */
const MAX_ENTRIES = 10_000;

/** Whether others can get at what is in a home: modes and owners of its directories and files, not what they hold. */
export async function checkFiles({ directory }: MemberHome): Promise<readonly Check[]> {
  const item = 'home';
  const user = process.getuid?.();
  if (user === undefined) return [checkUnknown(item)];
  const open: Check[] = [];
  const waiting = [directory];
  for (let seen = 0; waiting.length > 0; seen++) {
    if (seen === MAX_ENTRIES)
      return [...open, checkWarning(item, `more than ${String(seen)} files in ${directory}`, 'keep only keys in it')];
    const path = waiting.pop() ?? directory;
    try {
      const found = await lstat(path);
      const [mode, kind] = [found.mode & 0o777, found.isDirectory() ? 'directory' : 'file'];
      if (found.isSymbolicLink()) {
        open.push(checkWarning(item, `${path} is a link`, 'put the file itself there'));
        continue;
      }
      if (found.uid !== user)
        open.push(checkProblem(item, `${path} is another user's`, `run \`chown\` on the ${kind}`));
      if (isOpenToOthers(mode, 'any')) {
        const wanted = found.isDirectory() ? '700' : '600';
        open.push(
          checkProblem(item, `${path} is open to others, mode ${mode.toString(8)}`, `run \`chmod ${wanted} ${path}\``),
        );
      }
      if (found.isDirectory()) waiting.push(...(await readdir(path)).map((name) => join(path, name)));
    } catch (error) {
      const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      if (isMissing && path === directory) return [checkOk(item, `${directory} is not there yet`)];
      if (!isMissing)
        open.push(checkProblem(item, `${path} cannot be read: ${systemReason(error)}`, 'see its owner and mode'));
    }
  }
  return open.length === 0 ? [checkOk(item, `${directory}, closed to others`)] : open;
}
