import type { Dialect } from '../../collab/index.ts';
import type { Findings } from '../findings/finding.ts';
import { type TokenReading, readTokens } from './reading.ts';
import { refuseSigns, refuseText } from './refuse-text.ts';
import { type TextEdit, Rewriting } from './rewriting.ts';
import { countSigns } from './signs.ts';
import { readCalls } from './spark/calls.ts';
import { readClauses } from './spark/clauses.ts';
import { Draft } from './spark/draft.ts';
import { refuseGrouping } from './spark/grouping.ts';
import { readIntervals } from './spark/intervals.ts';
import { readSingleTokens } from './spark/single-tokens.ts';

/** `LEFT SEMI JOIN` and `LEFT ANTI JOIN`, as Spark writes them; DuckDB knows them without LEFT. */
function readHalfJoins(draft: Draft): void {
  const { reading } = draft;
  for (let index = 0; index < reading.tokens.length; index += 1) {
    const isHalf = ['SEMI', 'ANTI'].includes(reading.word(index + 1)) && reading.word(index + 2) === 'JOIN';
    if (reading.word(index) === 'LEFT' && isHalf) draft.replace(index, '    ');
  }
}

/** Reports signs that the parser would take long for, as the text is written. */
function refuseSpark({ all, text }: TokenReading, found: Findings): void {
  let [run, longest, commentDepth] = [0, 0, 0];
  for (const { kind, start, end, depth } of all) {
    if (kind === 'operator' || kind === 'unknown') run += end - start;
    else run = kind === 'comment' ? run + 1 : 0;
    longest = Math.max(longest, run);
    commentDepth = Math.max(commentDepth, depth);
  }
  refuseSigns({ run: longest, commentDepth }, { start: 0, end: text.length }, found);
}

/** How the texts of a dialect become those that DuckDB's parser reads. */
interface Reader {
  /** Reports what would take long, in the tokens of the dialect. */
  readonly refuse: (reading: TokenReading, found: Findings) => void;
  /** What is done to a text, in this order. */
  readonly steps: readonly ((draft: Draft) => void)[];
  readonly edits: (draft: Draft) => readonly TextEdit[];
}

const READERS: Readonly<Record<Dialect, Reader>> = {
  spark: {
    refuse: refuseSpark,
    steps: [readSingleTokens, readHalfJoins, readClauses, readCalls, readIntervals, refuseGrouping],
    edits: (draft) => draft.edits(),
  },
  // The text itself is read, but for single words.
  duckdb: { refuse: () => undefined, steps: [readHalfJoins], edits: (draft) => draft.replacements() },
};

/** The text that DuckDB's parser reads for a text of a dialect. Reports what is wrong with either of them. */
export function readAs(dialect: Dialect, text: string, found: Findings): Rewriting {
  const whole = { start: 0, end: text.length };
  refuseText(text, whole, found);
  if (found.size > 0) return new Rewriting(text, []);
  const reading = readTokens(text, dialect);
  const { refuse, steps, edits } = READERS[dialect];
  refuse(reading, found);
  if (found.size > 0) return new Rewriting(text, []);
  const draft = new Draft(reading, found);
  for (const step of steps) step(draft);
  const read = new Rewriting(text, edits(draft));
  // What DuckDB's parser reads must be as harmless as what was written.
  refuseText(read.text, whole, found);
  refuseSigns(countSigns(read.text), whole, found);
  return read;
}
