import type { Expression, ExpressionOf, Query, Select } from '../ast/nodes.ts';
import { childrenOf, expressionsOf, leavesOf, within } from '../ast/walk.ts';
import { foldName } from '../resolve/strict-node.ts';

/** How long a text of a table is taken to be, in characters. */
const LENGTH = 1000;
/** How long a value of another type is as a text. */
const SHORT = 50;
/** Texts are cut to this many characters before a function repeats them. */
const CUT = 10_000;
/** The most characters that the texts which a query makes longer may have together, in one row. */
const MOST = 10_000_000;

const GROWING: ReadonlySet<string> = new Set([
  '||',
  'concat_ws',
  'repeat',
  'replace',
  'regexp_replace',
  'lpad',
  'rpad',
]);
const CHOOSING: ReadonlySet<string> = new Set(['coalesce', 'greatest', 'least', 'nullif']);

type Lengths = ReadonlyMap<string, ReadonlyMap<string, number>>;
type Named = ReadonlyMap<string, readonly number[]>;

function isGrowing(part: Expression): boolean {
  return part.kind === 'call' && GROWING.has(part.function);
}

function add(lengths: readonly number[]): number {
  return lengths.reduce((sum, length) => sum + length, 0);
}

function literalOf(part: Expression | undefined): string {
  return part?.kind === 'literal' ? (part.text ?? '') : '';
}

/** The length of what a call gives, from those of its arguments. */
function lengthOfCall({ function: name, arguments: values }: ExpressionOf<'call'>, lengths: readonly number[]): number {
  const [first = 0] = lengths;
  if (CHOOSING.has(name)) return Math.max(0, ...lengths);
  if (name === 'repeat') return Math.min(first, CUT) * Math.max(1, Number(literalOf(values[1])));
  if (name === 'lpad' || name === 'rpad') return first + Number(literalOf(values[1]));
  if (name === 'concat_ws') return first * lengths.length + add(lengths.slice(1));
  if (name === 'replace' || name === 'regexp_replace') return first * Math.max(1, literalOf(values[2]).length);
  return add(lengths);
}

/** Adds up how long the texts become that a query makes. */
class TextGrowth {
  total = 0;

  #length(part: Expression, around: Lengths, named: Named): number {
    if (part.kind === 'column') return around.get(part.relation)?.get(part.name) ?? LENGTH;
    if (part.kind === 'literal') return literalOf(part).length;
    if (part.kind === 'parameter') return LENGTH;
    if (part.kind === 'scalarQuery') return this.query(part.query, around, named)[0] ?? LENGTH;
    if (part.kind === 'inQuery') this.query(part.query, around, named);
    const lengths = childrenOf(part).map((child) => this.#length(child, around, named));
    if (part.kind === 'case') return Math.max(...lengths);
    return part.kind === 'call' ? lengthOfCall(part, lengths) : add(lengths);
  }

  #select(select: Select, outside: Lengths, named: Named): readonly number[] {
    const around = new Map(outside);
    for (const leaf of leavesOf(select.from)) {
      if (leaf.kind === 'scan') continue;
      const lengths =
        leaf.kind === 'derived' ? this.query(leaf.query, outside, named) : (named.get(foldName(leaf.name)) ?? []);
      around.set(leaf.alias, new Map(leaf.columns.map(({ name }, index) => [name, lengths[index] ?? LENGTH])));
    }
    const lengths = expressionsOf(select).map((value) => {
      const length = this.#length(value, around, named);
      if ([...within(value)].some(isGrowing)) this.total += length;
      return value.type.kind === 'text' ? length : SHORT;
    });
    return lengths.slice(0, select.items.length);
  }

  /** The lengths of a query's outputs. */
  query(query: Query, around: Lengths, outside: Named): readonly number[] {
    const named = new Map(outside);
    for (const each of query.named) named.set(foldName(each.name), this.query(each.query, around, named));
    if (query.kind === 'select') return this.#select(query, around, named);
    const right = this.query(query.right, around, named);
    return this.query(query.left, around, named).map((length, index) => Math.max(length, right[index] ?? 0));
  }
}

/**
 * Whether a query makes so long texts that the memory runs out over a single row: it would then fail if the row is there, and not if it
 * is not.
 */
export function makesLongTexts(query: Query): boolean {
  //= rules R-9
  const growth = new TextGrowth();
  growth.query(query, new Map(), new Map());
  return !(growth.total <= MOST);
}
