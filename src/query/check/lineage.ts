import type { ManifestTable } from '../../collab/index.ts';
import { type ScalarName, shapeOf } from '../ast/functions.ts';
import { hasOwnWords } from '../ast/time-format.ts';
import type { Expression, ExpressionOf, Leaf, Query, RelationColumn, TableColumn } from '../ast/nodes.ts';
import { childrenOf, expressionsOf, leavesOf, within } from '../ast/walk.ts';
import { onlyExcludingScans } from '../analysis/excluded.ts';
import { foldName } from '../resolve/strict-node.ts';
import type { Scan } from './rule-context.ts';

/** What a value is made of, followed through sub-queries. */
export interface Lineage {
  /**
   * The table columns that the value is made of. A count is made of none, and neither is a condition or what CASE chooses by:
   * these are looked at where they stand.
   */
  readonly sources: readonly TableColumn[];
  /** Whether a constant of the query is part of the value. NULL is none. */
  readonly hasConstant: boolean;
  /**
   * Whether the value can be NULL where what it is made of is not, by a division, a conversion, an amount or a format. Which values that
   * are, the query decides.
   */
  readonly canVanish: boolean;
  /** Whether a count, or a place in an order, is part of the value: one who chooses the rows can make it a constant. */
  readonly hasCount: boolean;
  /** Whether the value is an unchanged column, a constant, or an aggregate or a window function over one. */
  readonly isBare: boolean;
}

const NOTHING: Lineage = { sources: [], hasConstant: false, canVanish: false, hasCount: false, isBare: true };
const COUNTED: Lineage = { ...NOTHING, hasCount: true };

function unite(parts: readonly Lineage[], isBare: boolean): Lineage {
  const sources = parts.flatMap((part) => part.sources);
  const unique = new Map(sources.map((source) => [`${source.table}.${source.column}`, source]));
  return {
    sources: [...unique.values()],
    hasConstant: parts.some((part) => part.hasConstant),
    canVanish: parts.some((part) => part.canVanish),
    hasCount: parts.some((part) => part.hasCount),
    isBare,
  };
}

/** Window functions whose values are places and numbers of rows, and not values of a column. */
const PLACES: ReadonlySet<string> = new Set([
  'count',
  'row_number',
  'rank',
  'dense_rank',
  'percent_rank',
  'cume_dist',
  'ntile',
]);

/** Whether a custom rule wants a number of persons behind each row of output. */
export function isConstrained({ rule }: ManifestTable): boolean {
  return rule?.kind === 'custom' && rule.outputConstraints.length > 0;
}

/** What is known of a query. */
interface Traced {
  readonly outputs: readonly Lineage[];
  readonly scans: readonly Scan[];
}

/** The lineages of a resolved query: what its values are made of, and which tables its parts read. */
export class Lineages {
  readonly #columns = new Map<RelationColumn, Lineage>();
  readonly #queries = new Map<Query, Traced>();
  readonly #excluding: ReadonlySet<number>;

  /** Takes time in proportion to the size of the query. */
  constructor(query: Query) {
    this.#excluding = onlyExcludingScans(query);
    this.#trace(query, new Map());
  }

  /** The scans of constrained tables in a query and in all that it reads, without those that only exclude rows. */
  scansOf(query: Query): readonly Scan[] {
    return this.#queries.get(query)?.scans ?? [];
  }

  /** What the outputs of a query are made of. */
  outputsOf(query: Query): readonly Lineage[] {
    return this.#queries.get(query)?.outputs ?? [];
  }

  #trace(query: Query, around: ReadonlyMap<string, Traced>): Traced {
    const visible = new Map(around);
    for (const { name, query: inner } of query.named) visible.set(foldName(name), this.#trace(inner, visible));
    const traced = query.kind === 'set' ? this.#traceSet(query, visible) : this.#traceSelect(query, visible);
    this.#queries.set(query, traced);
    return traced;
  }

  #traceSet(query: Extract<Query, { readonly kind: 'set' }>, visible: ReadonlyMap<string, Traced>): Traced {
    const [left, right] = [this.#trace(query.left, visible), this.#trace(query.right, visible)];
    const outputs = left.outputs.map((output, index) => {
      const sides = [output, right.outputs[index] ?? NOTHING];
      return unite(
        sides,
        sides.every((side) => side.isBare),
      );
    });
    return { outputs, scans: [...left.scans, ...right.scans] };
  }

  #traceSelect(query: Extract<Query, { readonly kind: 'select' }>, visible: ReadonlyMap<string, Traced>): Traced {
    const scans = leavesOf(query.from).flatMap((leaf) => this.#traceLeaf(leaf, visible));
    for (const part of expressionsOf(query).flatMap((expression) => [...within(expression)])) {
      if (part.kind !== 'scalarQuery' && part.kind !== 'inQuery') continue;
      scans.push(...this.#trace(part.query, visible).scans);
    }
    return { outputs: query.items.map(({ value }) => this.of(value)), scans };
  }

  #traceLeaf(leaf: Leaf, visible: ReadonlyMap<string, Traced>): readonly Scan[] {
    if (leaf.kind === 'scan') return isConstrained(leaf.table) && !this.#excluding.has(leaf.scan) ? [leaf] : [];
    const traced = leaf.kind === 'derived' ? this.#trace(leaf.query, visible) : findNamed(leaf.name, visible);
    for (const [index, column] of leaf.columns.entries()) {
      const output = traced.outputs[index];
      // What is made of no such table could have been brought as it is.
      if (output !== undefined)
        this.#columns.set(column, traced.scans.length > 0 ? output : { ...output, isBare: true });
    }
    return traced.scans;
  }

  /**
   * What a value is made of.
   *
   * @param isReleased whether aggregates are of the last SELECT, over groups that passed a threshold; they count as made of nothing
   */
  of(value: Expression, isReleased = false): Lineage {
    const inner = (part: Expression): Lineage => this.of(part, isReleased);
    switch (value.kind) {
      case 'column': {
        const { origin } = value.column;
        return this.#columns.get(value.column) ?? { ...NOTHING, sources: origin === null ? [] : [origin] };
      }
      case 'literal':
        return { ...NOTHING, hasConstant: value.text !== null };
      case 'parameter':
        return { ...NOTHING, hasConstant: true };
      case 'aggregate':
        if (isReleased || value.argument === null || value.function === 'count') return COUNTED;
        return withSeparator(value, { ...inner(value.argument), isBare: true });
      case 'window': {
        const [argument, , other] = value.arguments;
        if (PLACES.has(value.function) || argument === undefined) return COUNTED;
        return unite([argument, ...(other === undefined ? [] : [other])].map(inner), true);
      }
      case 'call': {
        const own = ownArguments(value);
        const made = unite(own.map(inner), false);
        return {
          ...made,
          canVanish: made.canVanish || !TOTAL_CALLS.has(value.function),
          hasConstant: made.hasConstant || hasWords(value),
        };
      }
      case 'saltedHash':
      case 'grouping':
      case 'engineCall':
        return unite(value.arguments.map(inner), false);
      case 'arithmetic':
        return vanishingIf(
          value.operator === '/' || value.operator === '%',
          unite((isNegation(value) ? [value.right] : [value.left, value.right]).map(inner), false),
        );
      case 'case': {
        const results = value.branches.map((branch) => branch.then);
        return unite((value.otherwise === null ? results : [...results, value.otherwise]).map(inner), false);
      }
      case 'cast':
        return vanishingIf(!isTotalCast(value), { ...inner(value.value), isBare: false });
      case 'scalarQuery': {
        const [output = NOTHING] = this.outputsOf(value.query);
        return { ...output, isBare: false };
      }
      case 'invalid':
        return unite(childrenOf(value).map(inner), true);
      case 'comparison':
      case 'between':
      case 'logic':
      case 'not':
      case 'isNull':
      case 'in':
      case 'inQuery':
      case 'like':
        return { ...NOTHING, isBare: false };
    }
  }
}

function vanishingIf(canVanish: boolean, lineage: Lineage): Lineage {
  return canVanish ? { ...lineage, canVanish } : lineage;
}

/** What separates the texts of a path is a constant in its value. */
function withSeparator({ function: name, parameter }: ExpressionOf<'aggregate'>, lineage: Lineage): Lineage {
  const isWritten = name === 'string_agg' && parameter?.kind === 'literal' && parameter.text !== '';
  return isWritten ? { ...lineage, hasConstant: true } : lineage;
}

/** Whether a conversion has a result for every value. */
function isTotalCast({ type }: ExpressionOf<'cast'>): boolean {
  return type.kind === 'text';
}

/** Functions that are NULL only if one of their arguments, or all of them, are. All others may be NULL for some values. */
const TOTAL_CALLS: ReadonlySet<ScalarName> = new Set([
  ...(['coalesce', 'greatest', 'least', 'sign', 'cbrt', 'degrees', 'radians', 'pi', 'hash', 'xxhash64'] as const),
  ...(['lower', 'upper', 'trim', 'ltrim', 'rtrim', 'substring', 'left', 'right', 'lpad', 'rpad', 'repeat'] as const),
  ...(['reverse', 'initcap', 'concat_ws', '||', 'length', 'ascii', 'instr', 'replace', 'translate'] as const),
  ...(['split_part', 'starts_with', 'ends_with', 'contains', 'regexp_like', 'md5', 'sha1', 'sha256'] as const),
  ...(['date_part', 'current_date', 'current_localtimestamp'] as const),
]);

function findNamed(name: string, visible: ReadonlyMap<string, Traced>): Traced {
  const traced = visible.get(foldName(name));
  if (traced === undefined) throw new TypeError(`the WITH query ${name} is not visible where it is read`);
  return traced;
}

/** `-value`, which is resolved as a difference. */
function isNegation({ operator, left }: ExpressionOf<'arithmetic'>): boolean {
  return operator === '-' && left.kind === 'literal' && left.text === '0';
}

const TEXT_CONDITIONS: ReadonlySet<string> = new Set(['starts_with', 'contains', 'ends_with', 'regexp_like']);

/** Calls that compare their arguments, and give only the answer. */
export function isTextCondition({ function: name }: ExpressionOf<'call'>): boolean {
  return TEXT_CONDITIONS.has(name);
}

/** Whether an argument is no value but says how one is computed: a position, a part of a date, a format, a constant amount. */
function isSetting(call: ExpressionOf<'call'>, index: number): boolean {
  const { arguments: kinds } = shapeOf(call.function);
  const kind = kinds[index] ?? kinds.at(-1);
  if (kind === 'amount') return call.arguments[index]?.kind === 'literal';
  return kind === 'literal' || kind === 'size' || kind === 'part' || kind === 'setting';
}

/** Whether a call writes letters or digits that the query brings, as the format `"2024-01"` does. */
function hasWords({ function: name, arguments: values }: ExpressionOf<'call'>): boolean {
  const [format] = values;
  return name === 'format_time' && format?.kind === 'literal' && hasOwnWords(format.text ?? '');
}

/** The arguments of a call that its value is made of. */
function ownArguments(call: ExpressionOf<'call'>): readonly Expression[] {
  if (isTextCondition(call)) return [];
  if (shapeOf(call.function).arguments.length === 0) {
    const now: Expression = { kind: 'literal', text: call.function, span: call.span, type: call.type };
    return [now];
  }
  return call.arguments.filter((_, index) => !isSetting(call, index));
}
