import { NOWHERE } from '../ast/build.ts';
import type { EngineFunction } from '../ast/functions.ts';
import type { Arithmetic, Comparison, Expression } from '../ast/nodes.ts';
import { BIGINT, BOOLEAN, TEXT, type ValueType } from '../ast/value-type.ts';

/** A call of the engine. */
export function engine(name: EngineFunction, values: readonly Expression[], type: ValueType): Expression {
  return { kind: 'engineCall', function: name, arguments: values, span: NOWHERE, type };
}

/** Arithmetic whose result fits into the type. */
export function compute(
  operator: Arithmetic,
  left: Expression,
  right: Expression,
  type: ValueType = BIGINT,
): Expression {
  return { kind: 'arithmetic', operator, left, right, span: NOWHERE, type };
}

/** A constant that a rewrite brings. */
export function constant(text: string, type: ValueType = TEXT): Expression {
  return { kind: 'literal', text, type, span: NOWHERE };
}

/** A comparison of two values of one type. */
export function test(operator: Comparison, left: Expression, right: Expression): Expression {
  return { kind: 'comparison', operator, left, right, span: NOWHERE, type: BOOLEAN };
}

/**
 * A value, or NULL where it is not between two limits, which are excluded. Written without a second copy of the value, since nested
 * copies multiply.
 */
export function nullOutside(value: Expression, low: Expression, high: Expression): Expression {
  const { span, type } = value;
  const call = (name: 'greatest' | 'least' | 'nullif', one: Expression, other: Expression): Expression => {
    return { kind: 'call', function: name, arguments: [one, other], span, type };
  };
  const raised = call('nullif', call('greatest', value, low), low);
  return call('nullif', call('least', raised, high), high);
}

/** Two texts as one. */
export function joinTexts(left: Expression, right: Expression): Expression {
  return { kind: 'call', function: '||', arguments: [left, right], span: NOWHERE, type: TEXT };
}
