import type { Manifest } from '../../collab/index.ts';
import { mayBeMissing } from '../analysis/missing.ts';
import { placed, type Placed } from '../analysis/places.ts';
import { columnOf } from '../ast/build.ts';
import type { Expression, ExpressionOf, Query, Select } from '../ast/nodes.ts';
import { outputsOf } from '../ast/outputs.ts';
import { childrenOf, innerQueries, joinsIn } from '../ast/walk.ts';
import type { Findings } from '../findings/finding.ts';
import { reportProtected } from './rule-context.ts';

interface Checks {
  readonly found: Findings;
  readonly preserveNulls: boolean;
  readonly anyNames: boolean;
}

interface State extends Checks {
  /** The SELECT whose expressions are looked at. */
  readonly place: Placed<Select>;
}

function isFingerprint(value: Expression): boolean {
  return value.kind === 'column' && value.column.protection.kind === 'fingerprint';
}

function isCounted(value: Expression, distinct: boolean): boolean {
  return isFingerprint(value) || (value.kind === 'column' && !distinct);
}

/** Reports every protected column in an expression, except in the few places where one is allowed. */
function checkValue(value: Expression, state: State): void {
  const { found, preserveNulls } = state;
  //= rules R-15, R-16
  if (value.kind === 'column') {
    reportProtected(value, found);
    return;
  }
  if (value.kind === 'aggregate' && value.function === 'count' && value.argument !== null) {
    if (!isCounted(value.argument, value.distinct)) checkValue(value.argument, state);
    if (value.filter !== null) checkValue(value.filter, state);
    return;
  }
  //= rules R-17
  if (value.kind === 'isNull' && value.value.kind === 'column') {
    if (preserveNulls) return;
    //= rules R-63
    if (isFingerprint(value.value) && mayBeMissing(value.value, state.place)) return;
  }
  if (value.kind === 'window') {
    const counted =
      value.function === 'count' ? value.arguments.filter((part) => !isCounted(part, false)) : value.arguments;
    const grouped = value.partition.filter((part) => !isFingerprint(part));
    for (const part of [...counted, ...grouped, ...value.order.map((order) => order.value)]) checkValue(part, state);
    return;
  }
  if (value.kind === 'inQuery') {
    const [output] = outputsOf(value.query);
    const listed = output === undefined ? null : columnOf('', output, value.span);
    //= rules R-64
    if (value.value.kind === 'column' && listed !== null) {
      checkEquality(value.value, listed, state);
      return;
    }
    if (listed !== null) checkValue(listed, state);
  }
  for (const child of childrenOf(value)) checkValue(child, state);
}

/** Checks an equality: a fingerprint can only equal a fingerprint that was made with the same key. */
function checkEquality(left: ExpressionOf<'column'>, right: ExpressionOf<'column'>, state: State): void {
  const { found, anyNames } = state;
  const [a, b] = [left.column.protection, right.column.protection];
  if (a.kind === 'cleartext' && b.kind === 'cleartext') return;
  if (a.kind === 'fingerprint' && b.kind === 'fingerprint') {
    //= rules R-18
    if (a.header === b.header || anyNames) return;
    found.add(
      'JOIN_NAMES',
      left.span,
      `\`${a.header}\` and \`${b.header}\` are fingerprint columns with different names`,
    );
    return;
  }
  for (const side of [left, right]) {
    if (side.column.protection.kind === 'sealed') reportProtected(side, found);
  }
  found.add('JOIN_KIND', left.span, `a ${a.kind} column cannot be joined with a ${b.kind} column`);
}

function checkCondition(condition: Expression, state: State): void {
  if (condition.kind === 'logic') {
    for (const term of condition.terms) checkCondition(term, state);
    return;
  }
  if (condition.kind === 'comparison' && condition.operator === '=') {
    const { left, right } = condition;
    if (left.kind === 'column' && right.kind === 'column') {
      checkEquality(left, right, state);
      return;
    }
  }
  checkValue(condition, state);
}

function checkSelect(place: Placed<Select>, isFinal: boolean, checks: Checks): void {
  const state: State = { ...checks, place };
  const { query: select } = place;
  const { items, where, groups, having, qualify, order, from } = select;
  const ordered = new Set(order.map((term) => term.item));
  for (const [index, { value }] of items.entries()) {
    if (value.kind !== 'column') checkValue(value, state);
    else if (isFingerprint(value)) {
      if (isFinal || ordered.has(index)) reportProtected(value, state.found);
    }
  }
  for (const clause of [where, having, qualify]) if (clause !== null) checkValue(clause, state);
  //= rules R-63
  for (const group of groups) {
    if (!isFingerprint(group)) checkValue(group, state);
    else if (isFinal && !state.preserveNulls) {
      const message = 'the last SELECT groups by a fingerprint column, so that each row of the answer is a person';
      const help = 'Group by it in a sub-query, and select from that.';
      state.found.add('FINGERPRINT_USE', group.span, message, { help });
    }
  }
  for (const join of joinsIn(from)) checkCondition(join.on, state);
}

function checkSides(query: Extract<Query, { readonly kind: 'set' }>, isFinal: boolean, { found }: Checks): void {
  for (const { name, protection } of outputsOf(query)) {
    if (protection.kind === 'cleartext' || (query.all && !isFinal)) continue;
    if (protection.kind === 'sealed' && query.all) continue;
    if (protection.kind === 'fingerprint' && !isFinal) continue;
    const code = protection.kind === 'sealed' ? 'SEALED_USE' : 'FINGERPRINT_USE';
    found.add(code, query.span, `\`${name}\` is a ${protection.kind} column, and the query compares rows of it`);
  }
}

function checkLevel(place: Placed, isFinal: boolean, checks: Checks): void {
  const { query, around } = place;
  if (query.kind === 'select') checkSelect({ query, around }, isFinal, checks);
  else checkSides(query, isFinal, checks);
  let named = around;
  for (const { name, query: inner } of query.named) {
    const own = { query: inner, around: named };
    checkLevel(own, false, checks);
    named = new Map([...named, [name, own]]);
  }
  for (const inner of innerQueries({ ...query, named: [] })) checkLevel({ query: inner, around: named }, false, checks);
}

/** Checks that protected columns are only used where their values mean something, whatever the rules say. */
export function checkProtection(query: Query, manifest: Manifest, found: Findings): void {
  const { preserveNulls, allowJoinsOnColumnsWithDifferentNames: anyNames } = manifest.settings;
  checkLevel(placed(query), true, { found, preserveNulls, anyNames });
}
