import { quoteForMessage } from '../../../errors/index.ts';
import type { ScalarName } from '../../ast/functions.ts';
import type { Expression } from '../../ast/nodes.ts';
import { TEXT } from '../../ast/value-type.ts';
import type { Span } from '../../findings/finding.ts';
import type { Context } from '../context.ts';
import { invalid } from '../scope.ts';

/** The most characters that can stand where something was replaced. */
export const MAX_REPLACEMENT = 100;

/** A call as it is written, with what makes calls of its arguments. */
export interface WrittenCall {
  /** In lower case. */
  readonly name: string;
  readonly span: Span;
  readonly context: Context;
  /** Whether it has a syntax of its own, such as `TRIM(BOTH … FROM …)`. */
  readonly isSyntax: boolean;
  /** A call of a function with its arguments checked. */
  readonly scalar: (name: ScalarName, parts: readonly Expression[]) => Expression;
  readonly remainder: (parts: readonly Expression[]) => Expression;
}

/** A text constant. */
export function textOf(text: string, span: Span): Expression {
  return { kind: 'literal', text, span, type: TEXT };
}

/** Reports a number of arguments that a function does not take. */
export function refuseCount(parts: readonly Expression[], { name, span, context }: WrittenCall): Expression {
  const message = `${quoteForMessage(name)} does not take ${String(parts.length)} arguments`;
  context.walk.found.add('FUNCTION_NOT_ALLOWED', span, message);
  return invalid(span, parts);
}

/** A whole number that is written in the query, if it is one. */
export function writtenNumber(value: Expression | undefined): number | null {
  return value?.kind === 'literal' && value.type.kind === 'integer' ? Number(value.text) : null;
}
