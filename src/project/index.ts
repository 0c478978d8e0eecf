/** The project file of a collaboration: defaults for the commands that are run in its folder. */
import type * as WriteProject from './write-project.ts';

export { findProject, type Project, PROJECT_FILE, type ProjectTable, type ProjectValues } from './find-project.ts';
export { isRoomAddress, PROJECT_KEYS, type ProjectKey } from './keys.ts';

/** Loads what writes project files, with the YAML parser. Commands that only look for one do without. */
export async function loadProjectWriter(): Promise<typeof WriteProject> {
  return import('./write-project.ts');
}
