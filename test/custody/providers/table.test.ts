import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseKeyUri } from '#src/custody/key-uri';
import { openProvider } from '#src/custody/providers/open-provider';
import { ENFORCING_SCHEMES, PROVIDER_SCHEMES, PROVIDERS } from '#src/custody/providers/providers';
import config from '../../../.dependency-cruiser.mjs';
import { errorOf } from './contract.ts';

const ROOT = join(import.meta.dirname, '../../..');
const read = (path: string): Promise<string> => readFile(join(ROOT, path), 'utf8');

const context = {
  env: {},
  cwd: '/',
  warn: () => undefined,
  askPassphrase: () => Promise.reject(new Error('asked')),
};

/** The folder of a provider; places in plain text share one, whose name says so. */
const folderOf = (scheme: string): string =>
  `src/custody/providers/${PROVIDERS.get(scheme)?.isPlaintext === true ? 'insecure' : scheme}`;

describe.each([...PROVIDERS])('the provider `%s`', (scheme, traits) => {
  test('has a folder, and its example is a URI of its own', () => {
    expect(existsSync(join(ROOT, folderOf(scheme)))).toBe(true);
    expect(parseKeyUri(traits.example).scheme).toBe(scheme);
  });

  test('loads something that opens keys', async () => {
    expect(await traits.load()).toBeInstanceOf(Function);
  });

  test('is in the hint for a text that is no URI, and in that for an unknown scheme', async () => {
    expect(await errorOf(() => openProvider('nothing', context))).toMatchObject({
      hint: expect.stringContaining(`\`${traits.example}\``) as string,
    });
    expect(await errorOf(() => openProvider('unknown:x', context))).toMatchObject({
      hint: expect.stringContaining(`\`${scheme}:\``) as string,
    });
  });

  test('is documented', async () => {
    const docs = await Promise.all((await docsOf()).map(read));
    expect(docs.some((text) => text.includes(`${scheme}:`))).toBe(true);
  });

  test('keeps the contract', async () => {
    const folder = 'test/custody/providers';
    const tests = await Promise.all((await readdir(join(ROOT, folder))).map((name) => read(`${folder}/${name}`)));
    expect(tests.some((text) => text.includes(`keepsContract('${scheme}'`))).toBe(true);
  });

  test('names a package that need not be installed, and that its folder alone may import', async () => {
    if (traits.package === null) return;
    const { optionalDependencies, peerDependenciesMeta } = JSON.parse(await read('package.json')) as Record<
      string,
      Record<string, unknown> | undefined
    >;
    expect([...Object.keys(optionalDependencies ?? {}), ...Object.keys(peerDependenciesMeta ?? {})]).toContain(
      traits.package,
    );
    const rules = config.forbidden.filter(
      ({ name, to }) => name.startsWith('package-') && new RegExp(String(to.path)).test(traits.package ?? ''),
    );
    expect(rules).toHaveLength(1);
    expect(JSON.stringify(rules[0]?.from)).toContain(folderOf(scheme).replace('src/', ''));
  });
});

/** All documents but the decisions. */
async function docsOf(): Promise<readonly string[]> {
  const names = await readdir(join(ROOT, 'docs'), { recursive: true });
  return names.filter((name) => name.endsWith('.md') && !name.startsWith('decisions')).map((name) => `docs/${name}`);
}

test('a folder of providers has a row', async () => {
  const entries = await readdir(join(ROOT, 'src/custody/providers'), { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => `src/custody/providers/${name}`);
  expect(new Set(PROVIDER_SCHEMES.map(folderOf))).toEqual(new Set(folders));
});

test('those that can enforce roles are named in docs/roles.md', async () => {
  const text = await read('docs/roles.md');
  for (const scheme of ENFORCING_SCHEMES) expect(text).toContain(`\`${scheme}:\``);
});

test('plain text is readable by the user, and enforces nothing', () => {
  for (const { isPlaintext, isReadableByUser, isEnforcing } of PROVIDERS.values()) {
    if (isPlaintext) expect([isReadableByUser, isEnforcing]).toEqual([true, false]);
  }
});
