import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const BUILD = fileURLToPath(new URL('../../dist/src', import.meta.url));
const NAME = `@sealroom/native-${process.platform}-${process.arch}`;

const root = mkdtempSync(join(tmpdir(), 'sealroom-addon-'));
const app = join(root, 'home', 'app');
const modules = join(app, 'node_modules');
const installed = join(modules, 'sealroom');

mkdirSync(installed, { recursive: true });
writeFileSync(join(installed, 'package.json'), '{ "name": "sealroom", "type": "module" }');
for (const folder of ['platform', 'bytes', 'errors']) {
  cpSync(join(BUILD, folder), join(installed, 'dist', 'src', folder), { recursive: true });
}

afterAll(() => {
  rmSync(root, { recursive: true });
});

/** Puts a package into a folder that, if it is loaded, shows it. */
function plant(folder: string): string {
  const path = join(folder, NAME);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'package.json'), JSON.stringify({ name: NAME, main: 'native.js' }));
  writeFileSync(join(path, 'native.js'), "console.log('code of others runs');");
  writeFileSync(join(path, 'native.node'), 'no addon');
  return folder;
}

/** What loading the addon fails with. */
function load(cwd: string, env: NodeJS.ProcessEnv = {}): string {
  const module = join(installed, 'dist', 'src', 'platform', 'node.js');
  const script = `import(${JSON.stringify(module)}).then((node) => node.loadNativeAddon()).catch((error) => console.log(error.message))`;
  return execFileSync(process.execPath, ['-e', script], { cwd, env, encoding: 'utf8' }).trim();
}

test('the native kernel is loaded from the place of our dependencies only', () => {
  const elsewhere = join(root, 'elsewhere');
  plant(join(root, 'node_modules'));
  plant(join(root, 'home', 'node_modules'));
  plant(join(root, 'home', '.node_modules'));
  plant(join(elsewhere, 'node_modules'));
  const env = { HOME: join(root, 'home'), NODE_PATH: plant(join(root, 'path')) };
  expect(load(elsewhere, env)).toBe(
    process.platform === 'linux' && process.arch === 'x64'
      ? `${NAME} is not installed: npm installs it with the optional packages, and in a clone \`npm run build:native\` builds it`
      : `there is none for ${process.platform}-${process.arch}`,
  );
  plant(modules);
  expect(load(elsewhere)).toMatch(`${NAME} does not load: `);
  rmSync(join(modules, '@sealroom'), { recursive: true });
  plant(join(installed, 'node_modules'));
  expect(load(elsewhere)).toMatch(`${NAME} does not load: `);
});
