import { logic, TRUE } from '../../ast/build.ts';
import { canonicalText } from '../../ast/equal.ts';
import type { AggregateName } from '../../ast/functions.ts';
import type { Expression, ExpressionOf } from '../../ast/nodes.ts';
import { BOOLEAN } from '../../ast/value-type.ts';

/** What is counted, and in which rows; `null` for all of them. */
interface Counted {
  readonly argument: Expression | null;
  readonly filter: Expression | null;
}

interface ColumnWhere {
  readonly column: ExpressionOf<'column'>;
  readonly when: Expression;
}

const FALSE: Expression = { ...TRUE, kind: 'literal', text: 'false' };

function isNothing(value: Expression): boolean {
  return value.kind === 'literal' && value.text === null;
}

/** `CASE WHEN condition THEN column END` as a protected column with a condition; `null` for all other expressions. */
function columnWhere(argument: Expression | null): ColumnWhere | null {
  if (argument?.kind !== 'case') return null;
  const { branches, otherwise, span } = argument;
  const results = [...branches.map(({ then }) => then), ...(otherwise === null ? [] : [otherwise])];
  const [column, ...others] = results.filter((value) => !isNothing(value));
  if (column?.kind !== 'column' || column.column.protection.kind === 'cleartext') return null;
  if (others.some((value) => canonicalText(value) !== canonicalText(column))) return null;
  //= rules R-63
  const last = otherwise !== null && !isNothing(otherwise);
  const isShort = !last && branches.every(({ then }) => !isNothing(then));
  const short = isShort
    ? logic(
        'OR',
        branches.map(({ when }) => when),
        span,
      )
    : null;
  // The first branch whose condition holds decides, so that one with NULL takes rows from those after it.
  const whole: Expression = {
    kind: 'case',
    branches: branches.map(({ when, then }) => ({ when, then: isNothing(then) ? FALSE : TRUE })),
    otherwise: last ? TRUE : FALSE,
    span,
    type: BOOLEAN,
  };
  return { column, when: short ?? whole };
}

/**
 * The argument and the filter of an aggregate. In a count `CASE WHEN condition THEN column END` counts the column in the rows with the condition; so
 * a protected column can be counted in some rows, although no expression can have one in it. Of columns in cleartext CASE makes values
 * like any other.
 */
export function countedWhere(name: AggregateName, argument: Expression | null, filter: Expression | null): Counted {
  const part = name === 'count' ? columnWhere(argument) : null;
  if (part === null) return { argument, filter };
  const { column, when } = part;
  return { argument: column, filter: logic('AND', filter === null ? [when] : [when, filter], when.span) };
}
