import { build } from 'esbuild';
import { createKernel, deriveSealingRoot, parseSharedSecret, sealCell } from 'sealroom/crypto';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseOptions } from '../../bench/options.ts';
import { SALT, SECRET } from '../conformance/made-cell.ts';
import { readText, ROOT } from './repository.ts';

// Figures and facts in the guides that the code or docs/performance.md decides.

const FAQ = readText('docs/faq.md');

test('the sizes of cells in docs/faq.md are those that the kernel makes', () => {
  const rows = [...FAQ.matchAll(/^\| ([\d,]+) bytes +\| ([\d,]+) characters/gm)].map(([, bytes = '', cell = '']) => [
    Number(bytes.replace(',', '')),
    Number(cell.replace(',', '')),
  ]);
  expect(rows).toHaveLength(4);
  const kernel = createKernel('node');
  using root = deriveSealingRoot(parseSharedSecret(SECRET), SALT);
  const sizeOf = (bytes: number): number =>
    sealCell(
      kernel,
      root,
      { targetHeader: 'a', padTargetBytes: null },
      { type: { kind: 'string' }, value: 'x'.repeat(bytes) },
    ).length;
  expect(rows).toEqual(rows.map(([bytes = 0]) => [bytes, sizeOf(bytes)]));
  expect(FAQ).toContain('A fingerprint has 52 characters, whatever the value. A sealed cell has at least 91');
});

test('the speed and the memory in docs/faq.md are no better than docs/performance.md measures', () => {
  expect(FAQ.replaceAll(/\s+/g, ' ')).toContain('One core encrypts or decrypts about 200,000 rows a second');
  expect(FAQ.replaceAll(/\s+/g, ' ')).toContain('Memory stays below half a gigabyte, also for ten million rows.');
  const rows = [...readText('docs/performance.md').matchAll(/^\| (?:en|de)crypt +\|(.+)\|$/gm)].map(([, cells = '']) =>
    cells.split('|').map((cell) => cell.trim()),
  );
  // Format, kernel, rows, threads, CPU s, wall s, rows/s, peak MiB.
  const measured = rows.filter((cells) => cells.length === 8);
  const tables = measured.filter(([, , count, threads]) => count === '1,000,000' && threads === '1');
  expect(new Set(tables.map(([format]) => format))).toEqual(new Set(['csv', 'parquet']));
  for (const cells of tables) expect(Number(cells[6]?.replaceAll(',', ''))).toBeGreaterThan(200_000);
  const growth = measured.filter(([, , count]) => count === '10,000,000');
  expect(growth.length).toBeGreaterThan(1);
  for (const cells of growth) expect(Number(cells[7])).toBeLessThan(500);
});

test('every table in docs/performance.md stands below a heading with the command that prints it', () => {
  const { scripts } = JSON.parse(readText('package.json')) as { readonly scripts: Readonly<Record<string, string>> };
  const sections = readText('docs/performance.md').split(/^## /m);
  for (const section of sections.filter((text) => /^\|/m.test(text))) {
    const [heading = ''] = section.split('\n');
    const [, script = '', options = ''] = /: `npm run (bench[:\w]*)(?: -- ([^`]+))?`$/.exec(heading) ?? [];
    expect(Object.keys(scripts), heading).toContain(script);
    if (script === 'bench') expect(() => parseOptions(options.split(' ')), heading).not.toThrow();
  }
});

test('README.md and docs/api.md list every part of the package, and which of them a browser can load', async () => {
  const { exports } = JSON.parse(readText('package.json')) as {
    readonly exports: Readonly<Record<string, object | string>>;
  };
  const parts = Object.entries(exports).filter(([, target]) => typeof target === 'object');
  const rows = new Map(
    [...readText('docs/api.md').matchAll(/^\| \[`(sealroom[/\w]*)`\].*\| (yes|no) +\|$/gm)].map(
      ([, name = '', word]) => [name, word === 'yes'],
    ),
  );
  expect([...rows.keys()].sort()).toEqual(parts.map(([part]) => part.replace('.', 'sealroom')).sort());
  const inReadme = new Map(
    [...readText('README.md').matchAll(/^\| (work|need Node) +\| (.+?) +\|$/gm)].flatMap(([, word, names = '']) =>
      names.split(', ').map((name) => [name.replaceAll('`', ''), word === 'work'] as const),
    ),
  );
  expect(inReadme).toEqual(rows);
  for (const [part, target] of parts) {
    const { default: file = '' } = target as { readonly default?: string };
    const name = part.replace('.', 'sealroom');
    expect(await loadsInBrowser(join(ROOT, file)), name).toBe(rows.get(name));
  }
});

/** Whether a bundler for browsers takes a module, with nothing of Node in it. */
async function loadsInBrowser(file: string): Promise<boolean> {
  const options = { bundle: true, write: false, platform: 'browser', format: 'esm', logLevel: 'silent' } as const;
  return build({ ...options, entryPoints: [file] }).then(
    () => true,
    () => false,
  );
}
