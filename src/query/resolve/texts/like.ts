import { not } from '../../ast/build.ts';
import type { Expression } from '../../ast/nodes.ts';
import { isWritten, readPattern } from '../../ast/like-pattern.ts';
import { BOOLEAN } from '../../ast/value-type.ts';
import type { Span } from '../../findings/finding.ts';
import type { Context } from '../context.ts';
import { invalid } from '../scope.ts';
import { meaningsOf } from '../dialect.ts';

/** How LIKE is written. */
interface LikeForm {
  readonly negated: boolean;
  readonly ignoreCase: boolean;
}

/** What the parser calls the forms of LIKE, with ESCAPE and without. */
const LIKES: ReadonlyMap<string, LikeForm> = new Map(
  (
    [
      ['~~', 'like_escape', false, false],
      ['!~~', 'not_like_escape', true, false],
      ['~~*', 'ilike_escape', false, true],
      ['!~~*', 'not_ilike_escape', true, true],
    ] as const
  ).flatMap(([operator, withEscape, negated, ignoreCase]) => [
    [operator, { negated, ignoreCase }],
    [withEscape, { negated, ignoreCase }],
  ]),
);

/** What the parser calls LIKE with ESCAPE, in a schema that is not in the text. */
export const LIKE_NAMES: ReadonlySet<string> = new Set([...LIKES.keys()].filter((name) => name.endsWith('_escape')));

/** The form of LIKE that the parser calls so, or `null`. */
export function findLike(name: string): LikeForm | null {
  return LIKES.get(name) ?? null;
}

/** The escape character that applies; `undefined` if it was reported. */
function readEscape(escape: Expression | undefined, context: Context): string | null | undefined {
  if (escape === undefined) return meaningsOf(context).likeEscape;
  if (escape.kind === 'invalid') return undefined;
  if (escape.kind === 'literal' && escape.type.kind === 'text' && escape.text?.length === 1) return escape.text;
  context.walk.found.add('ARGUMENT_NOT_LITERAL', escape.span, 'expected a single character as ESCAPE', {
    help: "Write a single character in quotes: ESCAPE '!'.",
  });
  return undefined;
}

/** `value LIKE pattern`, of which the resolved form has only patterns that cannot fail. */
export function resolveLike(form: LikeForm, parts: readonly Expression[], span: Span, context: Context): Expression {
  const [value, written, escapePart] = parts;
  const escape = readEscape(escapePart, context);
  if (value === undefined || written === undefined || escape === undefined) return invalid(span, parts);
  const { found } = context.walk;
  const matches = (pattern: Expression, by: '\\' | null): Expression => {
    const like: Expression = {
      kind: 'like',
      value,
      pattern,
      escape: by,
      ignoreCase: form.ignoreCase,
      span,
      type: BOOLEAN,
    };
    return form.negated ? not(like, span) : like;
  };
  //= rules R-56
  if (escape === null) return matches(written, null);
  if (written.kind === 'literal') {
    if (written.text === null) return matches(written, null);
    const pattern = readPattern(written.text, escape);
    if ('text' in pattern) return matches({ ...written, text: pattern.text }, pattern.escape);
    found.add('LITERAL_FORMAT', written.span, pattern.problem, { help: pattern.help });
    return invalid(span, parts);
  }
  // The values of parameters are looked at where they are bound.
  if (isWritten(written) && escape === '\\') return matches(written, escape);
  const help =
    'Write the pattern as a text, or as a parameter of a template; contains(a, b) looks for the value of a column.';
  const message = isWritten(written)
    ? 'the escape character of a pattern with parameters must be a backslash'
    : 'expected a pattern that is written in the query';
  found.add('ARGUMENT_NOT_LITERAL', written.span, message, { help });
  return invalid(span, parts);
}
