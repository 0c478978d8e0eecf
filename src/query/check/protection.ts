import type { Manifest } from '../../collab/index.ts';
import type { Expression, ExpressionOf, Query, Select } from '../ast/nodes.ts';
import { outputsOf } from '../ast/outputs.ts';
import { childrenOf, innerQueries, joinsIn } from '../ast/walk.ts';
import type { Findings } from '../findings/finding.ts';
import { reportProtected } from './rule-context.ts';

interface State {
  readonly found: Findings;
  readonly preserveNulls: boolean;
  readonly anyNames: boolean;
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
  if (value.kind === 'isNull' && value.value.kind === 'column' && preserveNulls) return;
  if (value.kind === 'window') {
    const counted =
      value.function === 'count' ? value.arguments.filter((part) => !isCounted(part, false)) : value.arguments;
    const grouped = value.partition.filter((part) => !(preserveNulls && isFingerprint(part)));
    for (const part of [...counted, ...grouped, ...value.order.map((order) => order.value)]) checkValue(part, state);
    return;
  }
  if (value.kind === 'inQuery') {
    const isProtected = outputsOf(value.query).some((column) => column.protection.kind !== 'cleartext');
    if (isProtected)
      found.add('FINGERPRINT_USE', value.span, 'protected columns can be joined, but not compared with IN');
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

function checkSelect(select: Select, isFinal: boolean, state: State): void {
  const { items, where, groups, having, qualify, distinct, order, from } = select;
  const ordered = new Set(order.map((term) => term.item));
  for (const [index, { value }] of items.entries()) {
    if (value.kind !== 'column') checkValue(value, state);
    else if (isFingerprint(value)) {
      const isMerged = (distinct && !state.preserveNulls) || ordered.has(index);
      if (isFinal || isMerged) reportProtected(value, state.found);
    }
  }
  for (const clause of [where, having, qualify]) if (clause !== null) checkValue(clause, state);
  for (const group of groups) if (!(state.preserveNulls && isFingerprint(group))) checkValue(group, state);
  for (const join of joinsIn(from)) checkCondition(join.on, state);
}

function checkSides(query: Extract<Query, { readonly kind: 'set' }>, isFinal: boolean, state: State): void {
  for (const { name, protection } of outputsOf(query)) {
    if (protection.kind === 'cleartext' || (query.all && !isFinal)) continue;
    if (protection.kind === 'sealed' && query.all) continue;
    if (protection.kind === 'fingerprint' && !isFinal && state.preserveNulls) continue;
    const code = protection.kind === 'sealed' ? 'SEALED_USE' : 'FINGERPRINT_USE';
    state.found.add(code, query.span, `\`${name}\` is a ${protection.kind} column, and the query compares rows of it`);
  }
}

function checkLevel(query: Query, isFinal: boolean, state: State): void {
  if (query.kind === 'select') checkSelect(query, isFinal, state);
  else checkSides(query, isFinal, state);
  for (const inner of innerQueries(query)) checkLevel(inner, false, state);
}

/** Checks that protected columns are only used where their values mean something, whatever the rules say. */
export function checkProtection(query: Query, manifest: Manifest, found: Findings): void {
  const { preserveNulls, allowJoinsOnColumnsWithDifferentNames: anyNames } = manifest.settings;
  checkLevel(query, true, { found, preserveNulls, anyNames });
}
