import { castTo, NOWHERE } from '../../ast/build.ts';
import type { EngineFunction } from '../../ast/functions.ts';
import type { Arithmetic, Expression } from '../../ast/nodes.ts';
import { BIGINT, TEXT, type ValueType } from '../../ast/value-type.ts';

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

/**
 * A whole number, or NULL outside of two limits. It is written without a second copy of the number: NULLIF is a macro of the engine
 * that copies its argument, so nested ones multiply. Here a number below zero becomes NULL as it is converted to an unsigned one.
 */
export function nullOutside(value: Expression, low: bigint, high: bigint): Expression {
  const whole = (number: bigint): Expression => constant(String(number), BIGINT);
  const clamp = (name: 'greatest' | 'least', one: Expression, limit: bigint): Expression => {
    return { kind: 'call', function: name, arguments: [one, whole(limit)], span: NOWHERE, type: value.type };
  };
  const clamped = castTo(clamp('least', clamp('greatest', value, low - 1n), high + 1n), BIGINT);
  const above = engine('orNullBelowZero', [compute('-', clamped, whole(low))], BIGINT);
  const below = engine('orNullBelowZero', [compute('-', whole(high - low), above)], BIGINT);
  return compute('-', whole(high), below);
}

/** Two texts as one. */
export function joinTexts(left: Expression, right: Expression): Expression {
  return { kind: 'call', function: '||', arguments: [left, right], span: NOWHERE, type: TEXT };
}
