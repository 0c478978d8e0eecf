import { quoteIdentifier, quoteText } from '../../engine/index.ts';
import type {
  Expression,
  ExpressionOf,
  Frame,
  FrameBound,
  Order,
  Query,
  Relation,
  Select,
  SetOperation,
  WindowOrder,
} from '../ast/nodes.ts';
import { printTypeName } from '../ast/value-type.ts';
import { isCopying, printOnce } from './copies.ts';
import { sortedOutputs } from './sorted.ts';

/** The name of the salt among the placeholders; no parameter has it. */
export const SALT = '';

/** The SQL placeholder of each parameter, and of the salt. */
export type Placeholders = ReadonlyMap<string, string>;

function printLiteral({ text, type }: ExpressionOf<'literal'>): string {
  if (text === null) return 'NULL';
  switch (type.kind) {
    case 'text':
      return quoteText(text);
    case 'date':
    case 'timestamp':
      return `CAST(${quoteText(text)} AS ${printTypeName(type)})`;
    case 'integer':
    case 'decimal':
    case 'double':
    case 'boolean':
    case 'interval':
      return text;
    case 'null':
    case 'unknown':
      throw new TypeError('a constant of no type is never printed');
  }
}

function printBound(bound: FrameBound): string {
  switch (bound.kind) {
    case 'unboundedPreceding':
      return 'UNBOUNDED PRECEDING';
    case 'unboundedFollowing':
      return 'UNBOUNDED FOLLOWING';
    case 'currentRow':
      return 'CURRENT ROW';
    case 'preceding':
    case 'following':
      return `${String(bound.rows)} ${bound.kind.toUpperCase()}`;
  }
}

function printFrame({ start, end }: Frame): string {
  return `ROWS BETWEEN ${printBound(start)} AND ${printBound(end)}`;
}

function directionOf({
  descending,
  nullsFirst,
}: {
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}): string {
  return `${descending ? 'DESC' : 'ASC'} NULLS ${nullsFirst ? 'FIRST' : 'LAST'}`;
}

/** Prints the parts of one statement. */
class Printer {
  readonly #placeholders: Placeholders;

  constructor(placeholders: Placeholders) {
    this.#placeholders = placeholders;
  }

  #list(values: readonly Expression[]): string {
    return values.map((value) => this.expression(value)).join(', ');
  }

  #orders(terms: readonly WindowOrder[]): string {
    const orders = terms.map((term) => `${this.expression(term.value)} ${directionOf(term)}`);
    return orders.length === 0 ? '' : `ORDER BY ${orders.join(', ')}`;
  }

  #aggregate(part: ExpressionOf<'aggregate'>): string {
    const { function: name, distinct, argument, filter, parameter, order = [] } = part;
    const value = argument === null ? '*' : `${distinct ? 'DISTINCT ' : ''}${this.expression(argument)}`;
    const constant = parameter === undefined ? '' : `, ${this.expression(parameter)}`;
    const inner = [`${value}${constant}`, this.#orders(order)].filter((text) => text !== '').join(' ');
    return `${name}(${inner})${filter === null ? '' : ` FILTER (WHERE ${this.expression(filter)})`}`;
  }

  #window(part: ExpressionOf<'window'>): string {
    const { partition, order, frame } = part;
    const isStar = part.function === 'count' && part.arguments.length === 0;
    const clauses = [
      partition.length === 0 ? '' : `PARTITION BY ${this.#list(partition)}`,
      this.#orders(order),
      frame === null ? '' : printFrame(frame),
    ];
    const over = clauses.filter((clause) => clause !== '').join(' ');
    return `${part.function}(${isStar ? '*' : this.#list(part.arguments)}) OVER (${over})`;
  }

  #call(part: ExpressionOf<'call' | 'engineCall'>): string {
    if (part.function === 'initcap') {
      const words = `string_split(lower(${this.#list(part.arguments)}), ' ')`;
      // `array_to_string` is a macro with its list written out twice.
      return `list_aggregate(list_transform(${words}, lambda word: (upper(word[1]) || word[2:])), 'string_agg', ' ')`;
    }
    if (part.function === 'orNullBelowZero') {
      return `TRY_CAST(TRY_CAST(${this.#list(part.arguments)} AS UBIGINT) AS BIGINT)`;
    }
    if (part.function === '||') return `(${part.arguments.map((value) => this.expression(value)).join(' || ')})`;
    if (isCopying(part.function)) {
      return this.#once(part.arguments, (operands) => `${part.function}(${operands.join(', ')})`);
    }
    return `${part.function}(${this.#list(part.arguments)})`;
  }

  #once(operands: readonly Expression[], body: (operands: readonly string[]) => string): string {
    return printOnce(operands, (value) => this.expression(value), body);
  }

  #case({ branches, otherwise }: ExpressionOf<'case'>): string {
    const arms = branches.map(({ when, then }) => `WHEN ${this.expression(when)} THEN ${this.expression(then)}`);
    const last = otherwise === null ? '' : ` ELSE ${this.expression(otherwise)}`;
    return `CASE ${arms.join(' ')}${last} END`;
  }

  #like({ value, pattern, escape, ignoreCase }: ExpressionOf<'like'>): string {
    const last = escape === null ? '' : ` ESCAPE ${quoteText(escape)}`;
    return `(${this.expression(value)} ${ignoreCase ? 'ILIKE' : 'LIKE'} ${this.expression(pattern)}${last})`;
  }

  expression(part: Expression): string {
    switch (part.kind) {
      case 'column':
        return `${quoteIdentifier(part.relation)}.${quoteIdentifier(part.name)}`;
      case 'literal':
        return printLiteral(part);
      case 'parameter': {
        const placeholder = this.#placeholders.get(part.name);
        if (placeholder === undefined) throw new TypeError(`parameter ${part.name} has no value`);
        return placeholder;
      }
      case 'saltedHash': {
        const salt = this.#placeholders.get(SALT);
        if (salt === undefined) throw new TypeError('the statement has no salt');
        return `hash(${salt}, ${this.#list(part.arguments)})`;
      }
      case 'aggregate':
        return this.#aggregate(part);
      case 'window':
        return this.#window(part);
      case 'call':
      case 'engineCall':
        return this.#call(part);
      case 'arithmetic':
      case 'comparison':
        return `(${this.expression(part.left)} ${part.operator} ${this.expression(part.right)})`;
      case 'between':
        return this.#once(
          [part.value, part.low, part.high],
          ([value = '', low = '', high = '']) => `(${value} BETWEEN ${low} AND ${high})`,
        );
      case 'logic':
        return `(${part.terms.map((term) => this.expression(term)).join(` ${part.operator} `)})`;
      case 'not':
        return `(NOT ${this.expression(part.value)})`;
      case 'isNull':
        return `(${this.expression(part.value)} IS NULL)`;
      case 'in':
        return `(${this.expression(part.value)} IN (${this.#list(part.options)}))`;
      case 'inQuery':
        return `(${this.expression(part.value)} IN (${this.query(part.query)}))`;
      case 'scalarQuery':
        return `(${this.query(part.query)})`;
      case 'like':
        return this.#like(part);
      case 'case':
        return this.#case(part);
      case 'cast':
        return `TRY_CAST(${this.expression(part.value)} AS ${printTypeName(part.type)})`;
      case 'grouping':
      case 'invalid':
        throw new TypeError('a query with findings is never printed');
    }
  }

  #relation(relation: Relation): string {
    switch (relation.kind) {
      case 'scan': {
        const { owner, name } = relation.table;
        return `${quoteIdentifier(owner)}.${quoteIdentifier(name)} AS ${quoteIdentifier(relation.alias)}`;
      }
      case 'named':
        return `${quoteIdentifier(relation.name)} AS ${quoteIdentifier(relation.alias)}`;
      case 'derived':
        return `(${this.query(relation.query)}) AS ${quoteIdentifier(relation.alias)}`;
      case 'join': {
        const sides = [relation.left, relation.right].map((side) => this.#relation(side));
        return `(${sides.join(` ${relation.type} JOIN `)} ON ${this.expression(relation.on)})`;
      }
    }
  }

  #select({ items, distinct, from, where, groups, having, qualify }: Select): string {
    const outputs = items.map(({ name, value }) => `${this.expression(value)} AS ${quoteIdentifier(name)}`);
    const clauses = [
      `SELECT ${distinct ? 'DISTINCT ' : ''}${outputs.join(', ')}`,
      from === null ? '' : `FROM ${this.#relation(from)}`,
      where === null ? '' : `WHERE ${this.expression(where)}`,
      groups.length === 0 ? '' : `GROUP BY ${this.#list(groups)}`,
      having === null ? '' : `HAVING ${this.expression(having)}`,
      qualify === null ? '' : `QUALIFY ${this.expression(qualify)}`,
    ];
    return clauses.filter((clause) => clause !== '').join(' ');
  }

  #setOperation({ operator, all, left, right }: SetOperation): string {
    return [left, right].map((side) => `(${this.query(side)})`).join(` ${operator}${all ? ' ALL' : ''} `);
  }

  query(query: Query): string {
    const { named, order, limit, offset } = query;
    const withs = named.map((each) => `${quoteIdentifier(each.name)} AS (${this.query(each.query)})`);
    const body = [
      withs.length === 0 ? '' : `WITH ${withs.join(', ')}`,
      query.kind === 'select' ? this.#select(query) : this.#setOperation(query),
    ];
    const sorted = sortedOutputs(query);
    const orders = order.map(
      (term: Order) => `${sorted?.terms[term.item] ?? String(term.item + 1)} ${directionOf(term)}`,
    );
    const clauses = [
      ...(sorted === null ? body : [sorted.select, `FROM (${joinClauses(body)}) AS ${sorted.alias}`]),
      orders.length === 0 ? '' : `ORDER BY ${orders.join(', ')}`,
      limit === null ? '' : `LIMIT ${String(limit)}`,
      offset === null ? '' : `OFFSET ${String(offset)}`,
    ];
    return joinClauses(clauses);
  }
}

function joinClauses(clauses: readonly string[]): string {
  return clauses.filter((clause) => clause !== '').join(' ');
}

/**
 * The SQL of a resolved query: every name is qualified and quoted, every value is printed anew, and nothing is copied from the
 * original text. The same query always gives the same SQL.
 */
export function printQuery(query: Query, placeholders: Placeholders = new Map()): string {
  return new Printer(placeholders).query(query);
}
