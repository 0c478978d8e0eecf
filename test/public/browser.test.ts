import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, type BuildOptions, type BuildResult } from 'esbuild';
import ts from 'typescript';
import { afterAll, describe, expect, test } from 'vitest';
import * as door from 'sealroom/browser';

const ROOT = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'sealroom-browser-'));

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** What is there in Node, and not in a browser. */
const NODE_GLOBALS = new Set(['Buffer', 'process', 'require', '__dirname', '__filename', 'setImmediate']);

/** Bundles as for a page; fails if something does not resolve there, as nothing of Node does. */
function bundle(entry: BuildOptions): Promise<BuildResult<{ write: false; metafile: true }>> {
  return build({
    ...entry,
    bundle: true,
    write: false,
    metafile: true,
    platform: 'browser',
    conditions: ['browser'],
    format: 'esm',
    target: 'es2023',
    logLevel: 'silent',
  });
}

/** The names of Node's globals that a module refers to and does not declare. */
function nodeGlobalsOf(text: string): readonly string[] {
  const file = ts.createSourceFile('bundle.js', text, ts.ScriptTarget.ES2023, true);
  const found = new Set<string>();
  const walk = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && NODE_GLOBALS.has(node.text) && !isMemberName(node)) found.add(node.text);
    ts.forEachChild(node, walk);
  };
  walk(file);
  return [...found];
}

function isMemberName(name: ts.Identifier): boolean {
  const { parent } = name;
  if (ts.isPropertyAccessExpression(parent)) return parent.name === name;
  return (
    (ts.isPropertyAssignment(parent) || ts.isMethodDeclaration(parent) || ts.isPropertyDeclaration(parent)) &&
    parent.name === name
  );
}

describe('the door for browsers', () => {
  const bundled = bundle({ entryPoints: [join(ROOT, 'dist/src/public/browser.js')], minifyWhitespace: true });

  test('bundles without anything of Node', async () => {
    const { metafile, outputFiles, warnings } = await bundled;
    expect(warnings).toEqual([]);
    const [output] = Object.values(metafile.outputs);
    expect(output?.imports).toEqual([]);
    expect(output?.exports.toSorted()).toEqual(Object.keys(door).toSorted());
    const inputs = Object.keys(metafile.inputs);
    expect(inputs.filter((input) => /duckdb|arrow|aws-sdk|csv-parse|platform\/node/.test(input))).toEqual([]);
    expect(inputs).toContain('dist/src/platform/web.js');
    expect(nodeGlobalsOf(outputFiles[0]?.text ?? '')).toEqual([]);
  });

  test('finds a global of Node, and an import, where there is one', async () => {
    const inMemory = (contents: string): BuildOptions => ({ stdin: { contents, resolveDir: ROOT } });
    const { outputFiles } = await bundle(inMemory('export const a = Buffer.from(process.argv[0]); a.process = 1;'));
    expect(nodeGlobalsOf(outputFiles[0]?.text ?? '')).toEqual(['Buffer', 'process']);
    await expect(bundle(inMemory("import { readFileSync } from 'node:fs'; readFileSync('a');"))).rejects.toThrow(
      'Could not resolve "node:fs"',
    );
  });

  test('runs the example of docs/browser.md where there is no process and no Buffer', async () => {
    const docs = readFileSync(join(ROOT, 'docs/browser.md'), 'utf8');
    const contents = /^```js\n(.*?)^```$/ms.exec(docs)?.[1] ?? '';
    const { outputFiles } = await bundle({ stdin: { contents, resolveDir: ROOT } });
    const hide = 'delete globalThis.process; delete globalThis.Buffer;\n';
    const script = join(folder, 'example.mjs');
    writeFileSync(script, `${hide}${outputFiles[0]?.text ?? ''}`);
    const lines = execFileSync(process.execPath, [script], { encoding: 'utf8' }).trimEnd().split('\n');
    expect(lines.slice(0, 2).toSorted()).toEqual(['02:hmac: 02:enc: Bern', '02:hmac: undefined Basel']);
    expect(lines[2]).toBe('1 cells opened');
    expect(lines.slice(3).toSorted()).toEqual(['Basel null', 'Bern called twice']);
  });

  test('chooses wasm, else noble, and refuses the kernels of Node', async () => {
    const contents = `
      import { createKernel, defaultKernel } from 'sealroom/browser';
      const refusal = (name) => { try { createKernel(name); return ''; } catch ({ code }) { return code; } };
      console.log(JSON.stringify([defaultKernel(), createKernel().name, createKernel('noble').name, refusal('node'), refusal('native')]));
    `;
    const { outputFiles } = await bundle({ stdin: { contents, resolveDir: ROOT } });
    const script = join(folder, 'kernels.mjs');
    const kernels = (hidden: string): unknown => {
      writeFileSync(script, `${hidden}\n${outputFiles[0]?.text ?? ''}`);
      return JSON.parse(execFileSync(process.execPath, [script], { encoding: 'utf8' }));
    };
    expect(kernels('')).toEqual(['wasm', 'wasm', 'noble', 'USAGE_OPTION', 'USAGE_OPTION']);
    expect(kernels('delete globalThis.WebAssembly;')).toEqual([
      'noble',
      'noble',
      'noble',
      'USAGE_OPTION',
      'USAGE_OPTION',
    ]);
  });
});
