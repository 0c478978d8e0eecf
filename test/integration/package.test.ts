import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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

  test('has source maps that hold their sources', () => {
    const maps = readdirSync(join(installed, 'dist'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.js.map'),
    );
    expect(maps.length).toBeGreaterThan(100);
    for (const name of maps) {
      const map = JSON.parse(readFileSync(join(installed, 'dist', name), 'utf8')) as Record<string, (string | null)[]>;
      // Those of packages are installed beside it.
      const own = (map['sources'] ?? []).map((source) => source?.includes('node_modules/') !== true);
      expect(
        map['sourcesContent']?.map((content) => content !== null),
        name,
      ).toEqual(own);
    }
  });

  test('installs without a warning, and runs', () => {
    const other = mkdtempSync(join(tmpdir(), 'sealroom-install-'));
    try {
      writeFileSync(join(other, 'package.json'), '{ "private": true }');
      const archive = join(project, `sealroom-${manifest.version}.tgz`);
      const { status, stdout, stderr } = spawnSync('npm', ['install', '--no-audit', '--no-fund', archive], {
        cwd: other,
        encoding: 'utf8',
      });
      expect({ status, warnings: `${stdout}${stderr}`.match(/^npm (warn|error).*$/gm) }).toEqual({
        status: 0,
        warnings: null,
      });
      const command = join(other, 'node_modules', '.bin', 'sealroom');
      expect(execFileSync(command, ['--version'], { encoding: 'utf8' }).trim()).toBe(manifest.version);
    } finally {
      rmSync(other, { recursive: true, force: true });
    }
  }, 300_000);

  test.each(Object.entries(manifest.bin))('runs `%s --version`', (_name, path) => {
    expect(nodeInProject(join(installed, path), '--version').trim()).toBe(manifest.version);
  });
});
