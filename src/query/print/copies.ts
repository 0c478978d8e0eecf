import type { Expression } from '../ast/nodes.ts';
import { within } from '../ast/walk.ts';

/** Functions of the engine that are macros with their first argument written out twice, as BETWEEN is. */
const COPYING: ReadonlySet<string> = new Set(['nullif', 'split_part']);

function multiplies(part: Expression): boolean {
  switch (part.kind) {
    case 'between':
    case 'scalarQuery':
    case 'inQuery':
      return true;
    case 'call':
      return COPYING.has(part.function);
    case 'column':
    case 'literal':
    case 'parameter':
    case 'saltedHash':
    case 'grouping':
    case 'engineCall':
    case 'aggregate':
    case 'window':
    case 'arithmetic':
    case 'comparison':
    case 'logic':
    case 'not':
    case 'isNull':
    case 'in':
    case 'like':
    case 'case':
    case 'cast':
    case 'invalid':
      return false;
  }
}

/** Whether the engine writes the first argument of a function out twice. */
export function isCopying(name: string): boolean {
  return COPYING.has(name);
}

/** Whether the engine must not write a value out twice, because it does so with a part of it already, or because a query is in it. */
function mustStayOne(value: Expression): boolean {
  return [...within(value)].some(multiplies);
}

/** Whether an operand can be written anywhere: it is the same in all rows. */
function isConstant({ kind }: Expression): boolean {
  return kind === 'literal' || kind === 'parameter';
}

/**
 * An expression of operands of which the engine would write the first one out twice: nested ones would multiply, so here they are the
 * arguments of a lambda. The names in its body that are not qualified are those of its arguments, whatever the columns are called.
 */
export function printOnce(
  operands: readonly Expression[],
  print: (value: Expression) => string,
  body: (operands: readonly string[]) => string,
): string {
  const [first] = operands;
  if (first === undefined || !mustStayOne(first)) return body(operands.map(print));
  const moved = operands.filter((operand) => !isConstant(operand));
  const packed = moved.length === 1 ? moved.map(print).join() : `row(${moved.map(print).join(', ')})`;
  const names = operands.map((operand) => {
    if (isConstant(operand)) return print(operand);
    return moved.length === 1 ? 'each' : `each[${String(moved.indexOf(operand) + 1)}]`;
  });
  return `list_transform([${packed}], lambda each: ${body(names)})[1]`;
}
