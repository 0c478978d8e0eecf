// Checks the package for Python in python/: style, types, tests, and that pip installs it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './toolbox.mjs';

const root = join(import.meta.dirname, '..', '..', '..');
const folder = join(root, 'python');

/**
 * @param {string} python an interpreter with the tools of requirements.txt
 * @returns {{ name: string, problem: string | null }[]}
 */
export function checkPython(python) {
  const scratch = mkdtempSync(join(tmpdir(), 'sealroom-python-'));
  /**
   * @param {string} name
   * @param {readonly string[]} args
   * @param {NodeJS.ProcessEnv} [env]
   */
  const check = (name, args, env = {}) => {
    const { ok, output } = run(python, args, {
      cwd: folder,
      quiet: true,
      env: { PYTHONDONTWRITEBYTECODE: '1', SEALROOM_CLI: join(root, 'dist', 'bin', 'sealroom.js'), ...env },
    });
    return { name, problem: ok ? null : output };
  };
  try {
    const installed = join(scratch, 'installed');
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps'];
    return [
      check('ruff: format', ['-m', 'ruff', 'format', '--no-cache', '--check', '.']),
      check('ruff: rules', ['-m', 'ruff', 'check', '--no-cache', '.']),
      check('mypy --strict', ['-m', 'mypy', '--cache-dir', join(scratch, 'mypy')]),
      check('pip installs the folder', [...pip, '--no-build-isolation', '--target', installed, folder]),
      // The package as it is installed, and not as it lies there.
      check('pytest', ['-m', 'pytest', '--quiet'], { PYTHONPATH: installed }),
    ];
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
