// Checks the files that differ from where the branch left `main`, and those that git does not know yet: their format, the
// linter's rules that need no types, and the types of everything, as far as they have to be looked at again. `npm run check` looks
// at all, with all rules.
//
//   npm run check:changed
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from './build.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** @param {readonly string[]} args */
function git(...args) {
  const { status, stdout } = spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' });
  return status === 0 ? stdout : '';
}

function changedFiles() {
  const base = git('merge-base', 'HEAD', 'main').trim() || 'HEAD';
  const changed = git('diff', '--name-only', '-z', '--diff-filter=d', base);
  const unknown = git('ls-files', '--others', '--exclude-standard', '-z');
  return [...new Set(`${changed}${unknown}`.split('\0'))].filter((path) => path !== '').sort();
}

/** @param {string} script @param {readonly string[]} args */
function runs(script, ...args) {
  const { status } = spawnSync(process.execPath, [join(ROOT, 'node_modules', script), ...args], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  return status === 0;
}

const files = changedFiles();
const scripts = files.filter((path) => /\.(ts|js|mjs)$/.test(path));
let isGood = true;
if (
  files.length > 0 &&
  !runs('prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '--ignore-unknown', ...files)
) {
  console.error('hint: run `npm run format`');
  isGood = false;
}
try {
  build();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  isGood = false;
}
if (scripts.length > 0) {
  // What is ignored, such as vectors, is among what was changed.
  isGood =
    runs('eslint/bin/eslint.js', '--config', 'eslint.changed.config.js', '--no-warn-ignored', ...scripts) && isGood;
  isGood = runs('typescript/bin/tsc', '-p', 'tsconfig.tests.json') && isGood;
}
console.log(`${String(files.length)} changed files: ${isGood ? 'ok' : 'not ok'}`);
process.exitCode = isGood ? 0 : 1;
