import type { Cursor } from '../cursor.ts';
import type { RuleColumns } from './columns.ts';

/** The extensions of AWS Clean Rooms' rules. They stand in the rule, beside AWS's keys, or beside the rule in the table. */
export const EXTENSIONS = ['x-foreignMeasures', 'x-outputConstraints', 'x-round', 'x-suppression'] as const;

/** One of {@link EXTENSIONS}. */
export type Extension = (typeof EXTENSIONS)[number];

/** Where a rule is read from. */
export interface RulePlace {
  /** The table's entry. */
  readonly table: Cursor;
  /** The object in the policy that has AWS's keys. */
  readonly branch: Cursor;
  readonly columns: RuleColumns;
  /** Id of the member that an account id, or the id itself, stands for. */
  readonly readMember: (item: Cursor) => string | null;
  /** Id of the template that an ARN, or the id itself, stands for. */
  readonly readTemplate: (item: Cursor) => string | null;
}

/** An extension, from whichever of its two places it stands in; notes it if it stands in both. */
export function findExtension({ table, branch }: RulePlace, name: Extension): Cursor {
  const inside = branch.at(name);
  const beside = table.at(name);
  if (inside.isGiven && beside.isGiven) beside.refuse('given twice: here and in the rule');
  return inside.isGiven ? inside : beside;
}

/** Notes extensions beside a rule that they say nothing to. */
export function refuseOtherExtensions(table: Cursor, kind: string, known: readonly Extension[]): void {
  for (const name of EXTENSIONS.filter((extension) => !known.includes(extension))) {
    const cursor = table.at(name);
    if (cursor.isGiven)
      cursor.refuse(`this does not apply to a table with ${kind}`, 'remove it: nothing in a manifest is ignored');
  }
}

/** `additionalAnalyses` of AWS Clean Rooms: there are none here, so allowing them says nothing and requiring them too much. */
export function checkAdditionalAnalyses(branch: Cursor): void {
  const cursor = branch.at('additionalAnalyses');
  if (!cursor.isGiven) return;
  const value = cursor.oneOf(['ALLOWED', 'NOT_ALLOWED', 'REQUIRED']);
  if (value === 'REQUIRED') cursor.refuseUnsupported('additional analyses');
}
