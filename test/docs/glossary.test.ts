import { expect, test } from 'vitest';
import { listFiles, readText } from './repository.ts';

const GLOSSARY = readText('docs/glossary.md');
const ENTRIES = [...GLOSSARY.matchAll(/^- \*\*(.+?)\*\*: (.+(?:\n {2}.+)*)$/gm)].map(([, term = '', text = '']) => ({
  term,
  sentence: text.replaceAll(/\s+/g, ' '),
}));
const TERMS = ENTRIES.map(({ term }) => term);

/** Words of the conventions that nobody needs who does not read the code. */
const WORDS_OF_THE_CODE = [
  ...['column', 'field', 'batch', 'worker pool', 'worker', 'job', 'caller', 'admission', 'rule context', 'IR'],
  ...['signer', 'verifier', 'action'],
];

/** The other documents, as one text in lower case. */
const DOCUMENTS = listFiles('docs')
  .filter((file) => file.endsWith('.md') && file !== 'docs/glossary.md')
  .map((file) => readText(file))
  .join('\n')
  .toLowerCase()
  .replaceAll(/\s+/g, ' ');

test('has more than forty words, each of them once', () => {
  expect(TERMS.length).toBeGreaterThan(40);
  expect(new Set(TERMS).size).toBe(TERMS.length);
  expect(GLOSSARY.match(/^- /gm)?.length).toBe(TERMS.length);
});

test('explains each word in one sentence', () => {
  expect(ENTRIES.filter(({ sentence }) => !/^[^.]*[^.\s]\.$/.test(sentence.replaceAll(/`[^`]+`/g, 'x')))).toEqual([]);
});

test('has no word that the other documents do not use', () => {
  expect(TERMS.filter((term) => !DOCUMENTS.includes(term.toLowerCase()))).toEqual([]);
});

test('has all words that the conventions fix, but those of the code', () => {
  const table = /\n\| say [^\n]*\n\| -[^\n]*\n([^]*?)\n\n/.exec(readText('docs/code/conventions.md'))?.[1] ?? '';
  const words = [...table.matchAll(/^\| ([^|]+?) +\|/gm)].flatMap(([, cell = '']) => cell.split(', '));
  expect(words.length).toBeGreaterThan(20);
  expect(words.filter((word) => !TERMS.includes(word))).toEqual(WORDS_OF_THE_CODE);
});
