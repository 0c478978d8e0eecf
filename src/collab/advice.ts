import { quoteForMessage } from '../errors/index.ts';
import { tableSubject } from './grants.ts';
import type { Manifest } from './manifest.ts';
import type { Member } from './member.ts';
import { roundsCounts } from './rules/constraint.ts';
import type { CustomRule } from './rules/custom.ts';
import type { ManifestTable } from './table.ts';

/** A risk that a manifest leaves open, which its members should know about. */
export interface ManifestAdvice {
  readonly subject: string;
  readonly text: string;
}

/** The attacks that no rule stops, whatever the manifest says: 2, 10 and 11 of docs/threat-model.md. */
function listUnstopped(members: readonly Member[]): readonly string[] {
  const askers = members.filter(({ abilities }) => abilities.includes('CAN_QUERY')).map(({ id }) => id);
  return [
    `${askers.join(', ')} can take the difference of two answers: the total, minus the groups that are shown, is what a threshold ` +
      'held back; nothing here stops that',
    `${askers.join(', ')} can choose the rows of a table and find out whether one person is in another table, by watching a ` +
      'count cross a threshold or a rounding step; budgets slow this down, but nothing here stops it',
    'the size of an overlap is a result like any other: asked again and again with different rows, it reveals who is in it',
  ];
}

/** Attack 9 of docs/threat-model.md. */
const WEIGHTS =
  'lets a member with weights of 1, 2, 4, … in its own table read from a single sum which of its rows are in the overlap';

function adviseOnCustom(rule: CustomRule): readonly string[] {
  const { anyQueryProviders, outputConstraints, outputColumnThresholds, round } = rule;
  if (anyQueryProviders.length === 0) return [];
  const askers = anyQueryProviders.join(', ');
  if (outputConstraints.length === 0) {
    return [`lets ${askers} see individual rows; \`aggregationThresholds\` stops that`];
  }
  const open = outputColumnThresholds.filter(({ minimum }) => minimum === 0).map(({ columnName }) => columnName);
  const alone = `lets ${askers} see rows of single persons that show only ${open.map(quoteForMessage).join(', ')} and counts`;
  const any =
    'allows any expression as the argument of an aggregate: a sum over many persons can be the value of one; ' +
    '`COLUMNS_ONLY` stops that';
  const exact =
    'rounds counts and not sums: the sum of a column, over rows that were filtered by its value, is an exact count; ' +
    'a step of `sums` in `x-round` coarsens that';
  return [
    ...(open.length > 0 ? [alone] : []),
    ...(rule.expressionType === 'ANY_EXPRESSION' ? [any] : []),
    ...(roundsCounts(round) && round?.sums === null ? [exact] : []),
    ...(roundsCounts(round) ? [] : [WEIGHTS]),
  ];
}

function adviseOnRule({ rule, accessBudgets }: ManifestTable): readonly string[] {
  if (rule === null) return [];
  const budget =
    accessBudgets.length === 0 ? ['has no access budget: the number of queries that may read it is unlimited'] : [];
  switch (rule.kind) {
    case 'aggregation': {
      const weights = `${WEIGHTS}; \`x-foreignMeasures: deny\` stops that`;
      const isOpen = rule.foreignMeasures === 'allow' && !roundsCounts(rule.round);
      return [...(isOpen ? [weights] : []), ...budget];
    }
    case 'list':
      return ['releases individual rows of the overlap', ...budget];
    case 'custom':
      return [...adviseOnCustom(rule), ...budget];
  }
}

/**
 * What a manifest leaves open: first what its rules could stop, by table, and then what no rule can stop. Empty if no table can be
 * queried.
 */
export function adviseOnManifest({ members, tables }: Manifest): readonly ManifestAdvice[] {
  const ofTables = tables.flatMap((table) =>
    adviseOnRule(table).map((text) => ({ subject: tableSubject(table), text })),
  );
  const isOpen = tables.some(({ rule }) => rule !== null);
  const always = isOpen ? listUnstopped(members).map((text) => ({ subject: 'the collaboration', text })) : [];
  return Object.freeze([...ofTables, ...always]);
}
