import { lstat, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SealroomError, systemReason } from '../errors/index.ts';
import type { ProjectContent } from './project-file.ts';

export type { ProjectTable, ProjectValues } from './project-file.ts';

/** The name of a project file. */
export const PROJECT_FILE = 'sealroom.yaml';

/** The variable that switches project files off, if it is not empty. */
const OFF_VARIABLE = 'SEALROOM_NO_PROJECT';

/** What a project file says, and where it is. */
export interface Project extends ProjectContent {
  /** Absolute path. */
  readonly file: string;
}

/** The result of {@link findProject}. */
export interface FoundProject {
  /** `null` if there is none, or it must not be used. */
  readonly project: Project | null;
  /** Why a file that is there is not used; `null` if nothing is wrong. */
  readonly ignored: string | null;
}

const NOTHING: FoundProject = { project: null, ignored: null };

/**
 * Finds the nearest project file, in a directory or one above it, and reads it. A file that other users own, or can change, is left
 * alone, because it would decide which home, manifest and key count.
 *
 * @param cwd absolute path of the directory
 * @throws {SealroomError} USAGE_PROJECT as `parseProject`; IO_READ if it cannot be read.
 */
export async function findProject(cwd: string, env: NodeJS.ProcessEnv): Promise<FoundProject> {
  if ((env[OFF_VARIABLE] ?? '') !== '') return NOTHING;
  const file = await findUpwards(cwd);
  if (file === null) return NOTHING;
  try {
    const problem = await problemOnWay(file);
    if (problem !== null) return { project: null, ignored: `${file} is ignored: ${problem}` };
    const text = await readShort(file);
    // The YAML parser is loaded only where there is something to parse.
    const { parseProject } = await import('./project-file.ts');
    return { project: Object.freeze({ file, ...parseProject(text, file) }), ignored: null };
  } catch (error) {
    if (error instanceof SealroomError) throw error;
    throw new SealroomError('IO_READ', `cannot read: ${systemReason(error)}`, { where: { file }, cause: error });
  }
}

async function findUpwards(cwd: string): Promise<string | null> {
  for (let directory = cwd; ; directory = dirname(directory)) {
    const file = join(directory, PROJECT_FILE);
    const found = await stat(file).catch(() => null);
    if (found?.isFile() === true) return file;
    if (directory === dirname(directory)) return null;
  }
}

/** The longest project file, in bytes. */
const MAX_BYTES = 1_000_000;

async function readShort(path: string): Promise<string> {
  const { size } = await stat(path);
  if (size <= MAX_BYTES) return readFile(path, 'utf8');
  throw new SealroomError('USAGE_PROJECT', `at most ${String(MAX_BYTES)} bytes, got ${String(size)}`, {
    where: { file: path },
  });
}

/** What lets others decide what is in the file: there, where a link leads, or in the directories of both. A link is a file of its own. */
async function problemOnWay(file: string): Promise<string | null> {
  const real = await realpath(file);
  for (const path of new Set([file, dirname(file), real, dirname(real)])) {
    const problem = await problemOf(path);
    if (problem !== null) return problem;
  }
  return null;
}

const STICKY = 0o1000;

/** What lets others decide what is in a file or directory; `null` if nothing does. On Windows nothing is known of it. */
async function problemOf(path: string): Promise<string | null> {
  const user = process.getuid?.();
  if (user === undefined) return null;
  const found = await lstat(path);
  const { uid, mode } = found;
  if (uid !== user && uid !== 0) return `another user owns ${path}`;
  // Links have no mode, and a folder may be reached through one.
  if (found.isSymbolicLink()) return null;
  return (mode & 0o002) !== 0 && (mode & STICKY) === 0 ? `any user can change ${path}` : null;
}
