import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compareNotebooks } from '../integration/tools/compare-outputs.mjs';

interface Output {
  readonly output_type: string;
  readonly name?: string;
  readonly text?: string;
  readonly data?: Readonly<Record<string, string>>;
  readonly ename?: string;
  readonly evalue?: string;
}

function code(source: string, outputs: readonly Output[], tags: readonly string[] = []) {
  return {
    cell_type: 'code',
    source,
    metadata: { tags: [...tags] },
    outputs: outputs.map((output) => ({ ...output })),
    execution_count: 1,
  };
}

const printed = (text: string): Output => ({ output_type: 'stream', name: 'stdout', text });
const shown = (type: string, text: string): Output => ({ output_type: 'execute_result', data: { [type]: text } });
const picture = (inner: string): Output => shown('image/svg+xml', `<svg viewBox="0 0 10 10">${inner}</svg>`);

/** What is wrong if a cell with the first output in the repository now has the second. */
function compare(committed: Output, now: Output, tags: readonly string[] = []): readonly string[] {
  return compareNotebooks({ cells: [code('x', [committed], tags)] }, { cells: [code('x', [now], tags)] });
}

describe('the comparison of outputs', () => {
  test('accepts a notebook whose cells say the same', () => {
    const cells = [{ cell_type: 'markdown', source: '# Title' }, code('x', [printed('a\n')]), code('const x = 1', [])];
    expect(compareNotebooks({ cells }, { cells })).toEqual([]);
  });

  test('names the cell that failed, and why', () => {
    const error = { output_type: 'error', ename: 'ReferenceError', evalue: 'oops is not defined' };
    const source = { cells: [code('x', [printed('a')]), code('oops', [printed('b')])] };
    const executed = { cells: [code('x', [printed('a')]), code('oops', [error])] };
    expect(compareNotebooks(source, executed)).toEqual(['cell 2: ReferenceError: oops is not defined']);
  });

  test('names a cell that was not executed; an empty one is none', () => {
    const idle = (source: string) => ({ cell_type: 'code', source, outputs: [], execution_count: null });
    const notebook = { cells: [idle('table'), idle(' \n')] };
    expect(compareNotebooks(notebook, notebook)).toEqual(['cell 1: was not executed']);
  });

  test.each([
    ['a text', printed('12 pairs\n'), printed('13 pairs\n'), 'stdout is out of date: line 1 is "13 pairs"'],
    ['a line more', printed('a'), printed('a\nb'), 'line 2 is "b", committed is nothing'],
    ['a line less', printed('a\nb'), printed('a'), 'it has 1 lines, committed are 2'],
    ['a table', shown('text/html', '<td>1</td>'), shown('text/html', '<td>2</td>'), 'text/html is out of date'],
    ['another kind', shown('text/html', 'a'), shown('text/plain', 'a'), 'has execute_result of text/plain'],
    ['a bar', picture('<rect width="5" />'), picture('<rect width="7" />'), 'the picture has "<rect width=\\"7\\" />"'],
    ['a colour', picture('<rect fill="#001" />'), picture('<rect fill="#002" />'), 'the picture has'],
    ['a label', picture('<text>Wales</text>'), picture('<text>Skåne</text>'), 'the picture has "Skåne"'],
    ['an element more', picture('<g></g>'), picture('<g></g><g></g>'), 'the picture has "<g>"'],
    ['an element less', picture('<g></g><g></g>'), picture('<g></g>'), 'the picture has "</svg>"'],
    ['an attribute more', picture('<g />'), picture('<g opacity="0" />'), 'the picture has'],
  ])('finds %s that differs', (_, committed, now, problem) => {
    expect(compare(committed, now)).toEqual([expect.stringContaining(problem)]);
  });

  test('finds a cell that says nothing any more, or something where it said nothing', () => {
    const [silent, loud] = [{ cells: [code('x', [])] }, { cells: [code('x', [printed('a')])] }];
    expect(compareNotebooks(loud, silent)).toEqual(['cell 1: has no output, committed is stream of stdout']);
    expect(compareNotebooks(silent, loud)).toEqual(['cell 1: has stream of stdout, committed is no output']);
  });

  test.each([
    ['cells', '02:enc:jf3Q+/==', '02:enc:kk4R+/='],
    ['shortened cells', '<td>02:hmac:…abcdefg=</td>', '<td>02:hmac:…ABCDEFG=</td>'],
    ['ids', '5ea1ed00-d3a0-4c0f-8a00-000000000b01', '00000000-d3a0-4c0f-8a00-000000000b02'],
    ['times', 'at 2026-11-29T16:51:51.039Z', 'at 2027-01-01T00:00:00Z'],
    ['temporary paths', "'/tmp/sealroom-a1/x.csv'", "'/tmp/sealroom-b2/x.csv'"],
  ])('passes over %s', (_, committed, now) => {
    expect(compare(printed(committed), printed(now))).toEqual([]);
    expect(compare(printed(`${committed} a`), printed(`${now} b`))).toHaveLength(1);
  });

  test('passes over names and hairbreadths in pictures, and over how a stream is cut', () => {
    const before = picture('<g id="a1" clip-path="url(#a2)" transform="translate(10.2,3)">\n</g>');
    const now = picture('<g id="b1" clip-path="url(#b2)" transform="translate(10.9,3)"></g>');
    expect(compare(before, now)).toEqual([]);
    const cut = { cells: [code('x', [printed('a'), printed('b\n')])] };
    expect(compareNotebooks(cut, { cells: [code('x', [printed('ab\n')])] })).toEqual([]);
  });

  test('compares only the kind of a cell that is tagged as random', () => {
    expect(compare(printed('a'), printed('b'), ['random'])).toEqual([]);
    expect(compare(printed('a'), shown('text/html', 'a'), ['random'])).toHaveLength(1);
  });
});

interface Cell {
  readonly cell_type: string;
  readonly source: readonly string[];
  readonly outputs?: readonly Output[];
}

interface Notebook {
  readonly cells: readonly Cell[];
  readonly metadata: { readonly kernelspec: { readonly name: string } };
}

const FOLDER = join(import.meta.dirname, '..', '..', 'notebooks');
const NAMES = readdirSync(FOLDER).filter((name) => name.endsWith('.ipynb'));
const readNotebook = (name: string): Notebook => JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as Notebook;
const textsOf = ({ cells }: Notebook, kind: string): readonly string[] =>
  cells.filter(({ cell_type: type }) => type === kind).map(({ source }) => source.join(''));

/** What a notebook of TypeScript may import, besides parts of Node. */
const ALLOWED =
  /^(?:sealroom(?:\/[a-z-]+)?|node:[a-z_]+|@duckdb\/node-api|@observablehq\/plot|\.\/display\.ts|\.\.\/samples\/[\w/-]+\.ts)$/;

describe.each(NAMES)('%s', (name) => {
  const notebook = readNotebook(name);
  const cells = textsOf(notebook, 'code');
  const prose = textsOf(notebook, 'markdown');

  test('imports only what users can import', () => {
    const imports = cells.flatMap((text) => [...text.matchAll(/\bfrom\s+"([^"]+)"|\bimport\("([^"]+)"\)/g)]);
    const found = imports.map(([, name, lazy]) => name ?? lazy ?? '');
    expect(found.filter((path) => !ALLOWED.test(path))).toEqual([]);
    if (notebook.metadata.kernelspec.name === 'deno') expect(found).toContain('sealroom');
  });

  test('has lines that fit', () => {
    expect(cells.flatMap((text) => text.split('\n')).filter((line) => line.length > 100)).toEqual([]);
  });

  test('has cells that fit on a screen', () => {
    expect(cells.filter((text) => text.split('\n').length > 40)).toEqual([]);
  });

  test('has outputs, and no error among them', () => {
    const kinds = notebook.cells.flatMap(({ outputs = [] }) => outputs.map(({ output_type: type }) => type));
    expect(kinds).not.toHaveLength(0);
    expect(kinds).not.toContain('error');
  });

  test('has pictures with a title and names of axes', () => {
    const pictures = notebook.cells
      .flatMap(({ outputs = [] }) => outputs.map(({ data }) => data?.['image/svg+xml']))
      .filter((svg) => svg !== undefined)
      .map((svg) => [svg].flat().join(''));
    expect(pictures).not.toHaveLength(0);
    for (const svg of pictures) {
      expect(svg).toMatch(/<text[^>]*>[^<]{12,}<\/text>/);
      expect(svg).toMatch(/aria-label="[xy]-axis label"|id="text_/);
    }
  });

  test('begins with a title, and ends with what was learned and where to read on', () => {
    expect(prose[0]).toMatch(/^# [A-Z]/);
    expect(prose.at(-1)).toMatch(/^## What you have learned\n/);
    expect(prose.at(-1)).toMatch(/\nRead on: .*\)\.$/);
  });

  test('is in the list of notebooks, and its links lead to files', () => {
    expect(readFileSync(join(FOLDER, 'README.md'), 'utf8')).toContain(`](${name})`);
    const links = prose.flatMap((text) => [...text.matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, path = '']) => path));
    expect(links.filter((path) => !path.startsWith('https:') && !existsSync(join(FOLDER, path)))).toEqual([]);
  });
});
