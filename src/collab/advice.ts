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
      'count cross a threshold or a rounding step: each table says what that costs, and nothing here stops it',
    'the size of an overlap is a result like any other: asked again and again with different rows, it reveals who is in it',
  ];
}

/** Attack 9 of docs/threat-model.md. */
const WEIGHTS =
  'lets a member with weights of 1, 2, 4, … in its own table read from a single sum which of its rows are in the overlap: ' +
  'one query tests all of the persons that it can name';

/** How many persons of a table a member is taken to know, for a number of those whom it can test. */
const KNOWN = 1000;

/** Attack 10 of docs/threat-model.md, in a number: how many memberships a budget lets a member test. */
function adviseOnTests({ rule, accessBudgets }: ManifestTable): readonly string[] {
  if (rule === null || rule.kind === 'list' || rule.outputConstraints.length === 0) return [];
  const price = Math.max(...rule.outputConstraints.map(({ minimum }) => minimum)) - 1;
  const groups = rule.maxGroups ?? 1;
  const perQuery = Math.floor(KNOWN / price) * groups;
  const known = groups === 1 ? '' : `, each of whom counts in ${String(groups)} groups`;
  const cost = `lets a member test one person at the price of ${String(price)} who are known to be in it${known}`;
  const who = `one that knows ${KNOWN.toLocaleString('en')} of its persons`;
  const tests = accessBudgets.map(({ type, unit, budget }) =>
    unit === 'ROWS'
      ? `it finds at most ${String(budget)} persons in a ${type}`
      : `${who} tests ${String(budget * perQuery)} others in a ${type}`,
  );
  const exact = roundsCounts(rule.round) ? [] : ['exact counts of several at once tell more; `x-round` stops that'];
  return [
    [
      cost,
      ...(tests.length === 0 ? [`${who} tests ${String(perQuery)} others with each query`] : tests),
      ...exact,
    ].join('; '),
  ];
}

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

function adviseOnRule(table: ManifestTable): readonly string[] {
  const { rule, accessBudgets } = table;
  if (rule === null) return [];
  const budget =
    accessBudgets.length === 0 ? ['has no access budget: the number of queries that may read it is unlimited'] : [];
  switch (rule.kind) {
    case 'aggregation': {
      const weights = `${WEIGHTS}; \`x-foreignMeasures: deny\` stops that`;
      const isOpen = rule.foreignMeasures === 'allow' && !roundsCounts(rule.round);
      return [...(isOpen ? [weights] : adviseOnTests(table)), ...budget];
    }
    case 'list':
      return [
        'releases individual rows of the overlap: one query tests all of the persons that a member can name',
        ...budget,
      ];
    case 'custom':
      return [...adviseOnCustom(rule), ...(roundsCounts(rule.round) ? adviseOnTests(table) : []), ...budget];
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
