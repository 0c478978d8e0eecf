import type { Dialect } from '../../collab/index.ts';
import type { Findings } from '../findings/finding.ts';
import { refuseText } from './refuse-text.ts';
import { type Edit, Rewriting } from './rewriting.ts';
import { readTokens, type Reading } from './reading.ts';

/** `LEFT SEMI JOIN` and `LEFT ANTI JOIN`, as Spark writes them; DuckDB knows them without LEFT. */
function withoutLeft(reading: Reading): readonly Edit[] {
  return reading.tokens.flatMap(({ start, end }, index) => {
    const isHalf = ['SEMI', 'ANTI'].includes(reading.word(index + 1)) && reading.word(index + 2) === 'JOIN';
    return reading.word(index) === 'LEFT' && isHalf ? [{ start, end, text: '' }] : [];
  });
}

/** The text that DuckDB's parser reads for a text of a dialect. Reports what is wrong with either of them. */
export function readAs(dialect: Dialect, text: string, found: Findings): Rewriting {
  refuseText(text, found);
  if (found.size > 0) return new Rewriting(text, []);
  return new Rewriting(text, withoutLeft(readTokens(text, dialect)));
}
