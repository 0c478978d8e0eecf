import { expect, test } from 'vitest';
import { judge } from '../integration/tools/notebooks.mjs';

function code(source: string, outputs: readonly { output_type: string; ename?: string; evalue?: string }[]) {
  return { cell_type: 'code', source, outputs: [...outputs], execution_count: 1 };
}

const TABLE = { output_type: 'execute_result' };

test('accepts a notebook whose cells all answered', () => {
  const notebook = {
    cells: [{ cell_type: 'markdown', source: '# Title' }, code('table', [TABLE]), code('const x = 1', [])],
  };
  expect(judge(notebook, notebook)).toEqual([]);
});

test('names the cell that failed, and why', () => {
  const source = { cells: [code('table', [TABLE]), code('oops', [TABLE])] };
  const error = { output_type: 'error', ename: 'ReferenceError', evalue: 'oops is not defined' };
  const executed = { cells: [code('table', [TABLE]), code('oops', [error])] };
  expect(judge(source, executed)).toEqual(['cell 2: ReferenceError: oops is not defined']);
});

test('names a cell that says nothing any more', () => {
  expect(judge({ cells: [code('table', [TABLE])] }, { cells: [code('table', [])] })).toEqual([
    'cell 1: expected 1 outputs, got none',
  ]);
});

test('names a cell that was not executed; an empty one is none', () => {
  const idle = (source: string) => ({ cell_type: 'code', source, outputs: [], execution_count: null });
  const notebook = { cells: [idle('table'), idle(' \n')] };
  expect(judge(notebook, notebook)).toEqual(['cell 1: was not executed']);
});
