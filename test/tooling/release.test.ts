import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ROOT } from './run-tool.ts';

let folder = '';

function git(...args: string[]): void {
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.org', '-c', 'commit.gpgsign=false'];
  execFileSync('git', [...identity, ...args], { cwd: folder, stdio: 'ignore' });
}

function release(...args: string[]): { code: number | null; stderr: string } {
  const script = join(ROOT, 'scripts/release.mjs');
  const { status, stderr } = spawnSync(process.execPath, [script, ...args], { cwd: folder, encoding: 'utf8' });
  return { code: status, stderr };
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sealroom-release-'));
  writeFileSync(join(folder, 'package.json'), '{ "name": "x", "version": "1.2.3" }\n');
  writeFileSync(join(folder, 'CHANGELOG.md'), '# Changelog\n\n## [Unreleased]\n\n## [1.2.3]\n\nFirst.\n');
  writeFileSync(join(folder, '.gitignore'), '/native/packages/\n');
  git('init', '--quiet');
  git('add', '.');
  git('commit', '--quiet', '--message', 'first');
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test.each([['patch'], ['--ready']])('%s refuses a dirty tree and names what changed', (argument) => {
  writeFileSync(join(folder, 'left.txt'), '');
  const { code, stderr } = release(argument);
  expect(code).toBe(1);
  expect(stderr).toContain('error: the working tree has changes');
  expect(stderr).toContain('left.txt');
});

test('refuses a release of which the changelog says nothing', () => {
  expect(release('patch')).toEqual({
    code: 1,
    stderr: 'error: CHANGELOG.md says nothing under `## [Unreleased]`; write what is new\n',
  });
});

test('publishes only the commit that has the tag of its version, and with the native package of this version', () => {
  const refuses = (reason: string): void =>
    expect(release('--ready')).toMatchObject({ code: 1, stderr: expect.stringContaining(reason) as unknown });
  refuses('no tag `v1.2.3`');
  git('tag', 'v1.2.3');
  refuses('native/packages/linux-x64 is not of this version');
  const native = join(folder, 'native', 'packages', 'linux-x64');
  mkdirSync(native, { recursive: true });
  writeFileSync(join(native, 'package.json'), '{ "name": "@sealroom/native-linux-x64", "version": "1.2.3" }\n');
  const before = readFileSync(join(folder, 'package.json'), 'utf8');
  expect(release('--ready')).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))).toMatchObject({
    optionalDependencies: { '@sealroom/native-linux-x64': '1.2.3' },
  });
  expect(release('--published').code).toBe(0);
  expect(readFileSync(join(folder, 'package.json'), 'utf8')).toBe(before);
});

test('needs to know which version', () => {
  expect(release()).toEqual({ code: 1, stderr: 'error: give one of patch, minor, major, or a version\n' });
});
