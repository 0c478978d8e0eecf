import type { Manifest, ManifestTable } from '../../collab/index.ts';
import { leavesOf, selectsIn } from '../ast/walk.ts';
import type { Query, Select } from '../ast/nodes.ts';
import type { Scan } from '../check/rule-context.ts';
import type { Edit, Finding, Fix } from '../findings/finding.ts';
import { SelectText, type SqlToken } from './tokens.ts';

/** A refused query: its text, and what was understood of it. */
export interface RefusedText {
  readonly text: string;
  /** With holes; `null` if nothing was understood. */
  readonly query: Query | null;
  readonly manifest: Manifest;
}

/** A name that needs no quotes in any dialect. */
const PLAIN = /^[a-z_][a-z0-9_]*$/;

/** What the fixes of one finding are made of. */
export class Site {
  readonly finding: Finding;
  readonly text: string;
  readonly manifest: Manifest;
  readonly tokens: readonly SqlToken[];
  /** The SELECT around the finding. */
  readonly select: SelectText;
  /** The tables of this SELECT itself, in the order of the text. */
  readonly scans: readonly Scan[];
  /** The same SELECT as it was understood; `null` if its tables were not. */
  readonly understood: Select | null;

  private constructor({ text, query, manifest }: RefusedText, finding: Finding, select: SelectText) {
    this.finding = finding;
    this.text = text;
    this.manifest = manifest;
    this.tokens = select.tokens;
    this.select = select;
    const selects = query === null ? [] : selectsIn(query);
    const isHere = ({ span }: Scan): boolean => {
      const index = select.tokens.findIndex(({ start }) => start === span.start);
      return index > select.first && index < select.end && select.tokens[index]?.depth === select.depth;
    };
    const scansOf = (each: Select): readonly Scan[] =>
      leavesOf(each.from).filter((leaf): leaf is Scan => leaf.kind === 'scan');
    this.understood = selects.find((each) => scansOf(each).some(isHere)) ?? null;
    this.scans = this.understood === null ? [] : scansOf(this.understood).filter(isHere);
  }

  /** The place of a finding; `null` if it is in no SELECT. */
  static of(refused: RefusedText, tokens: readonly SqlToken[], finding: Finding): Site | null {
    const select = SelectText.around(tokens, finding.span.start);
    return select === null ? null : new Site(refused, finding, select);
  }

  /** The index of the token at the finding. */
  get at(): number {
    return this.tokens.findIndex(({ start }) => start === this.finding.span.start);
  }

  /** The text from one token to before another. */
  textOf(first: number, end: number): string {
    return this.text.slice(this.tokens[first]?.start ?? 0, this.tokens[end - 1]?.end ?? 0);
  }

  /** A column as this SELECT writes it; `null` if that needs quotes. */
  write(scan: Scan, column: string): string | null {
    if (!PLAIN.test(column)) return null;
    if (this.scans.length < 2) return column;
    return PLAIN.test(scan.alias.toLowerCase()) ? `${scan.alias}.${column}` : null;
  }

  /** A column that stands for the persons of a table of this SELECT, and whose different values may be counted. */
  get person(): string | null {
    for (const scan of this.scans) {
      const column = personOf(scan.table);
      const written = column === null ? null : this.write(scan, column);
      if (written !== null) return written;
    }
    return null;
  }
}

function personOf({ rule }: ManifestTable): string | null {
  if (rule === null || rule.kind === 'list') return null;
  const [constraint] = rule.outputConstraints;
  if (constraint === undefined) return null;
  const { columnName } = constraint;
  if (rule.kind === 'custom') return columnName;
  const isCounted = rule.aggregateColumns.some(
    (each) => each.function === 'COUNT_DISTINCT' && each.columnNames.includes(columnName),
  );
  return isCounted ? columnName : null;
}

/** A fix of one edit or several. */
export function fixOf(changes: string | null, ...edits: readonly Edit[]): Fix {
  const sorted = edits.toSorted((a, b) => a.span.start - b.span.start);
  return Object.freeze({ edits: Object.freeze(sorted), changes });
}
