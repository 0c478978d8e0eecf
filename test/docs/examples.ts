import { listFiles, readText } from './repository.ts';

/** A piece of TypeScript or JavaScript in a document or a docstring. */
export interface Example {
  /** The file, and which of its examples this is, from 1. */
  readonly name: string;
  readonly language: 'ts' | 'js';
  readonly code: string;
}

/** The code blocks of the documents that are TypeScript or JavaScript. */
export function examplesOfDocuments(): readonly Example[] {
  const documents = ['README.md', ...listFiles('docs').filter((file) => file.endsWith('.md'))];
  return documents.flatMap((file) => blocksOf(file, readText(file)));
}

/** The examples of docstrings. */
export function examplesOfDocstrings(): readonly Example[] {
  const sources = listFiles('src').filter((file) => file.endsWith('.ts'));
  return sources.flatMap((file) => {
    const docstrings = readText(file).match(/^\/\*\*\n(?: \*.*\n)* \*\/$/gm) ?? [];
    const texts = docstrings.filter((text) => text.includes('@example')).map((text) => text.replaceAll(/^ \* ?/gm, ''));
    return blocksOf(file, texts.join('\n'));
  });
}

/** What the lines with `console.log` of an example say that they print, in their order. */
export function printedBy({ code }: Example): readonly string[] {
  return [...code.matchAll(/console\.log\(.*\); \/\/ (.+)$/gm)].map(([, words = '']) => words);
}

function blocksOf(file: string, text: string): readonly Example[] {
  return [...text.matchAll(/^```(ts|js)\n([^]*?)^```$/gm)].map(([, language, code = ''], index) => ({
    name: `${file} (${index + 1})`,
    language: language === 'js' ? 'js' : 'ts',
    code,
  }));
}
