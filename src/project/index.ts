/** The project file of a collaboration: defaults for the commands that are run in its folder. */
export { findProject, type Project, PROJECT_FILE, type ProjectTable, type ProjectValues } from './find-project.ts';
export { PROJECT_KEYS, type ProjectKey } from './project-file.ts';
export { draftProject, insertProjectTable } from './write-project.ts';
