import type { Expression } from './nodes.ts';

/** The character that takes away the meaning of `%` and `_` in the patterns of the resolved form, if one does. */
export const ESCAPE = '\\';

/** A pattern of LIKE whose escapes are all at their places, or what is wrong with it. */
export type Pattern =
  | { readonly text: string; readonly escape: typeof ESCAPE | null }
  | { readonly problem: string; readonly help: string };

function problemOf(escape: string, after: string | undefined): Pattern {
  const place = after === undefined ? 'at the end of the pattern' : `before \`${after}\``;
  return {
    problem: `\`${escape}\` stands ${place}, and can only stand before \`%\`, \`_\` and itself`,
    help: `Write ${escape}${escape} for a single ${escape}${escape === '\\' ? ", or \\\\\\\\ in a text that is not r'…'" : ''}.`,
  };
}

/** Reads a pattern in which `escape` takes away the meaning of the next character; gives the same one in the resolved form. */
export function readPattern(text: string, escape: string | null): Pattern {
  const parts: { readonly character: string; readonly isLiteral: boolean }[] = [];
  const characters = [...text];
  for (let index = 0; index < characters.length; index += 1) {
    const character = characters[index] ?? '';
    if (character !== escape) {
      parts.push({ character, isLiteral: character !== '%' && character !== '_' });
      continue;
    }
    index += 1;
    const next = characters[index];
    if (next !== '%' && next !== '_' && next !== escape) return problemOf(escape, next);
    parts.push({ character: next, isLiteral: true });
  }
  const isMark = (character: string): boolean => character === '%' || character === '_';
  if (!parts.some(({ character, isLiteral }) => isLiteral && isMark(character)))
    return { text: parts.map(({ character }) => character).join(''), escape: null };
  const written = parts.map(({ character, isLiteral }) =>
    isLiteral && (isMark(character) || character === ESCAPE) ? `${ESCAPE}${character}` : character,
  );
  return { text: written.join(''), escape: ESCAPE };
}

/** The text of an expression of constants and parameters; `null` if it is null or one of the parameters has no value. */
export function writtenText(
  value: Expression,
  parameters: ReadonlyMap<string, { readonly text: string }>,
): string | null {
  if (value.kind === 'literal') return value.text;
  if (value.kind === 'parameter') return parameters.get(value.name)?.text ?? null;
  if (value.kind !== 'call' || value.function !== '||') return null;
  const parts = value.arguments.map((part) => writtenText(part, parameters));
  return parts.includes(null) ? null : parts.join('');
}

/** Whether an expression consists of texts and parameters, joined by `||`. */
export function isWritten(value: Expression): boolean {
  if (value.kind === 'literal' || value.kind === 'parameter' || value.kind === 'invalid') return true;
  return value.kind === 'call' && value.function === '||' && value.arguments.every(isWritten);
}
