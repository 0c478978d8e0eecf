import { castTo } from '../../ast/build.ts';
import type { Expression } from '../../ast/nodes.ts';
import { DAY_MICROSECONDS } from '../../ast/time-parts.ts';
import { ELAPSED, TIMESTAMP } from '../../ast/value-type.ts';

/** The span of time that a value is where it is compared with others: constants, and differences of dates. */
export function asElapsed(value: Expression): Expression {
  const { type } = value;
  if (type.kind === 'interval' && type.unit === 'day' && value.kind === 'literal' && value.text !== null) {
    return { ...value, text: String(BigInt(value.text) * BigInt(DAY_MICROSECONDS)), type: ELAPSED };
  }
  if (value.kind !== 'call' || value.function !== 'whole_units') return value;
  const [unit, earlier, later] = value.arguments;
  if (unit?.kind !== 'literal' || unit.text !== 'day' || earlier?.type.kind !== 'date' || later?.type.kind !== 'date') {
    return value;
  }
  return {
    ...value,
    function: 'elapsed',
    arguments: [earlier, later].map((each) => castTo(each, TIMESTAMP)),
    type: ELAPSED,
  };
}
