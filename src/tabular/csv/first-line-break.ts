import type { Separator } from './csv-structure.ts';
import { CR, LF } from './bytes.ts';

/** The first line break of a text. */
export interface FirstLineBreak {
  readonly separator: Separator;
  /** Where it is. */
  readonly at: number;
  /** Whether it is a CR at the end of the text, of which an LF could be the other half. */
  readonly isOpen: boolean;
}

/** Finds the first line break of a text, also inside quotes, or `null`. */
//= format F-76
export function findFirstLineBreak(text: Uint8Array): FirstLineBreak | null {
  const at = text.findIndex((byte) => byte === LF || byte === CR);
  if (at === -1) return null;
  if (text[at] === LF) return { separator: '\n', at, isOpen: false };
  return { separator: text[at + 1] === LF ? '\r\n' : '\r', at, isOpen: at + 1 === text.length };
}
