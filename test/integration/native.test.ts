import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { buildNative, sanitizerLibraries } from '../../scripts/build-native.mjs';
import { attemptTool, cppCompiler } from './tools/toolbox.mjs';

// Wakes where there is a compiler of C++; with CI=true there must be one.
const { tool, missing } = attemptTool(cppCompiler);
const folder = mkdtempSync(join(tmpdir(), 'sealroom-native-'));

afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe.skipIf(tool === null)(
  `the native kernel under address and undefined-behaviour sanitizers ${missing ?? ''}`,
  () => {
    test('agrees with the others on 30000 cells, and traps as wasm does on 5000 calls with any descriptions, and 8000 for tables', () => {
      const addon = buildNative(folder, { isSanitized: true });
      const script = join(import.meta.dirname, 'tools', 'sanitized-kernel.ts');
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        ['--import', 'tsx', script, addon, '30000', '5000', '8000'],
        {
          encoding: 'utf8',
          // Node itself frees nothing at its end.
          env: { ...process.env, LD_PRELOAD: sanitizerLibraries(), ASAN_OPTIONS: 'detect_leaks=0' },
        },
      );
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      const { cells, trapped, answered, tables } = JSON.parse(stdout) as Readonly<
        Record<'cells' | 'trapped' | 'answered', number>
      > & { readonly tables: Readonly<Record<'trapped' | 'answered', Readonly<Record<string, number>>>> };
      expect(cells).toBeGreaterThan(30_000);
      expect(Math.min(trapped, answered)).toBeGreaterThan(1000);
      // Each function for tables answers, and all but one, which takes any number, refuse.
      const answers = Object.values(tables.answered);
      expect([answers.length, Object.keys(tables.trapped).length]).toEqual([17, 16]);
      expect(Math.min(...answers)).toBeGreaterThan(60);
    });
  },
);
