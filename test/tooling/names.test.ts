import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from './run-tool.ts';

/** What has one name in several files on purpose. */
const TWINS = new Set([
  // What a module of workers exports, by the protocol of the pool.
  'createWorker',
  // Generated beside each WebAssembly module.
  'WASM_BASE64',
]);

/** Two implementations of one interface: their exports are the same. */
const PLATFORMS = /^src\/platform\/(node|web)\.ts$/;

test('no two exports of the product have one name', () => {
  const places = new Map<string, string[]>();
  for (const folder of ['src', 'cli']) {
    for (const entry of readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })) {
      const path = `${folder}/${entry}`;
      if (!path.endsWith('.ts') || path.includes('/assembly/') || PLATFORMS.test(path)) continue;
      const text = readFileSync(join(ROOT, path), 'utf8');
      const exports = text.matchAll(
        /^export (?:async )?(?:abstract )?(?:function\*?|class|const|interface|type) (\w+)/gm,
      );
      // The overloads of a function are one export.
      const names = new Set([...exports].map(([, name = '']) => name));
      for (const name of names) places.set(name, [...(places.get(name) ?? []), path]);
    }
  }
  const twins = [...places].filter(([name, files]) => files.length > 1 && !TWINS.has(name));
  expect(Object.fromEntries(twins)).toEqual({});
});
