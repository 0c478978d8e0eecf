import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// The package as npm publishes it, in a project of its own. Its dependencies are linked, not installed again.

const ROOT = join(import.meta.dirname, '..', '..');

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  exports: Record<string, string | Record<string, string>>;
  bin: Record<string, string>;
  main: string;
  types: string;
  version: string;
};
const doors = Object.keys(manifest.exports).filter((door) => door !== './package.json');

let project = '';
let installed = '';

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'sealroom-package-'));
  installed = join(project, 'node_modules', 'sealroom');
  execFileSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', project], { cwd: ROOT });
  mkdirSync(installed, { recursive: true });
  // Else Node looks for the project's own manifest in the directories above.
  writeFileSync(join(project, 'package.json'), '{ "private": true }');
  const archive = join(project, `sealroom-${manifest.version}.tgz`);
  execFileSync('tar', ['-xzf', archive, '-C', installed, '--strip-components=1']);
  symlinkSync(join(ROOT, 'node_modules'), join(installed, 'node_modules'));
});

afterAll(() => {
  rmSync(project, { recursive: true, force: true });
});

function nodeInProject(...args: string[]): string {
  return execFileSync(process.execPath, args, { cwd: project, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function evaluate(code: string): string {
  return nodeInProject('--input-type=module', '--eval', code).trim();
}

describe('the published package', () => {
  test.each(doors)('opens the door `%s`', (door) => {
    const specifier = door.replace(/^\./, 'sealroom');
    expect(Number(evaluate(`console.log(Object.keys(await import('${specifier}')).length)`))).toBeGreaterThan(0);
  });

  test('has no other door', () => {
    expect(() => evaluate("await import('sealroom/dist/src/errors.js')")).toThrow('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });

  test('carries every file that its manifest names', () => {
    const named = [manifest.main, manifest.types, ...Object.values(manifest.bin), ...Object.values(manifest.exports)]
      .flatMap((entry) => (typeof entry === 'string' ? [entry] : Object.values(entry)))
      .map((path) => join(installed, path));
    for (const path of named) expect(() => readFileSync(path)).not.toThrow();
  });

  test('carries no source, test or sample', () => {
    for (const folder of ['src', 'cli', 'test', 'samples', 'bench']) {
      expect(() => readFileSync(join(installed, folder))).toThrow('ENOENT');
    }
  });

  test.each(Object.entries(manifest.bin))('runs `%s --version`', (_name, path) => {
    expect(nodeInProject(join(installed, path), '--version').trim()).toBe(manifest.version);
  });
});
