import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from './run-tool.ts';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

const TEXT = read('docs/threat-model.md');
const SHOWN = [...TEXT.matchAll(/^ +- `([^`]+)`: _(.+)_$/gm)].map(([, file = '', title = '']) => ({ file, title }));

test('docs/threat-model.md speaks of 30 attacks, with what stops each, what shows it and what remains', () => {
  const attacks = TEXT.split(/^\*\*Attack /m).slice(1);
  expect(attacks.map((each) => Number.parseInt(each, 10))).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
  for (const each of attacks) expect(each).toMatch(/\n- Stopped by: [^]*\n- Shown by:[^]*\n- Remains: /);
  expect(SHOWN.length).toBe(TEXT.match(/^ +- /gm)?.length);
});

test.each(SHOWN)('docs/threat-model.md names a test that exists: $file, $title', ({ file, title }) => {
  // A title, or the name of a case, from its begin.
  const quoted = ["'", '"', '`'].map((quote) => `${quote}${title}`);
  expect(quoted.some((each) => read(file).includes(each))).toBe(true);
});
