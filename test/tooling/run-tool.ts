import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** The root of the repository. */
export const ROOT = join(import.meta.dirname, '..', '..');

/** A temporary tree of files that finds the repository's packages; keys are paths, values are contents. */
export function plantTree(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'sealroom-tooling-'));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** Runs a script with this Node in `cwd` and returns what it said. */
export function runTool(
  script: string,
  args: readonly string[],
  cwd: string,
): { readonly code: number | null; readonly stdout: string; readonly stderr: string } {
  const done = spawnSync(process.execPath, [join(ROOT, script), ...args], { cwd, encoding: 'utf8' });
  return { code: done.status, stdout: done.stdout, stderr: done.stderr };
}
