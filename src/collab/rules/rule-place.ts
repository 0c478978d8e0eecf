import type { Cursor } from '../cursor.ts';
import type { RuleColumns } from './columns.ts';

/** The extensions of AWS Clean Rooms' rules. They are in the rule, next to AWS's keys, or in the table, next to the rule. */
export const EXTENSIONS = [
  'x-allowedAggregateExpressionType',
  'x-foreignMeasures',
  'x-outputConstraints',
  'x-round',
  'x-suppression',
  'x-maxGroups',
] as const;

/** The keys of AWS Clean Rooms' rules, of all kinds. Tools write `null` for those that are absent. */
export const AWS_KEYS = [
  ...['additionalAnalyses', 'allowedJoinOperators', 'joinColumns', 'listColumns'],
  ...['aggregateColumns', 'joinRequired', 'dimensionColumns', 'scalarFunctions', 'outputConstraints'],
  ...['allowedAnalyses', 'allowedAnalysisProviders', 'disallowedOutputColumns', 'differentialPrivacy'],
  ...['aggregationThresholds', 'comparisonControls'],
  ...['allowedResultReceivers', 'allowedAdditionalAnalyses'],
] as const;

/** One of {@link EXTENSIONS}. */
export type Extension = (typeof EXTENSIONS)[number];

/** Where a rule is read from, and what resolves its names. */
export interface RulePlace {
  /** The table's entry. */
  readonly table: Cursor;
  /** The object in the policy that has AWS's keys. */
  readonly branch: Cursor;
  readonly columns: RuleColumns;
  /** Reads the id of a member, or an account id that stands for one. */
  readonly readMember: (item: Cursor) => string | null;
  /** Reads the id of a template, or an ARN that stands for one. */
  readonly readTemplate: (item: Cursor) => string | null;
}

/** An extension, from either of its two places; notes a problem if it is in both. */
export function findExtension({ table, branch }: RulePlace, name: Extension): Cursor {
  const inside = branch.at(name);
  const beside = table.at(name);
  if (inside.isGiven && beside.isGiven) beside.refuse('given twice: here and in the rule');
  return inside.isGiven ? inside : beside;
}

/** Notes extensions next to a rule that they do not apply to. */
export function refuseOtherExtensions(table: Cursor, kind: string, known: readonly Extension[]): void {
  for (const name of EXTENSIONS.filter((extension) => !known.includes(extension))) {
    const cursor = table.at(name);
    if (cursor.isGiven)
      cursor.refuse(`this does not apply to a table with ${kind}`, 'remove it: nothing in a manifest is ignored');
  }
}

/** Checks `additionalAnalyses` of AWS Clean Rooms. There are none here, so allowing them changes nothing and requiring them is refused. */
export function checkAdditionalAnalyses(branch: Cursor): void {
  const cursor = branch.at('additionalAnalyses');
  if (!cursor.isGiven) return;
  const value = cursor.oneOf(['ALLOWED', 'NOT_ALLOWED', 'REQUIRED']);
  if (value === 'REQUIRED') cursor.refuseUnsupported('additional analyses');
}
