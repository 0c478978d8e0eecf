import { type Cursor, readUnique } from '../cursor.ts';
import { type ComparisonControls, readComparisonControls } from './comparison-controls.ts';
import { readMaxGroups, readOutputConstraints, readRounding, readSuppression } from './constraint.ts';
import type { OutputConstraint, Rounding, Suppression } from './constraint.ts';
import { checkAdditionalAnalyses, type Extension, findExtension, refuseOtherExtensions } from './rule-place.ts';
import type { RulePlace } from './rule-place.ts';
import { type AggregateExpressionType, type OutputColumnThreshold } from './thresholds.ts';
import { readAggregationThresholds, readAggregateExpressionType } from './thresholds.ts';

/**
 * What the owner of a table allows if queries are approved one by one, or if certain members may ask any query. Principals and
 * analyses are ids of the manifest; account ids and ARNs have been resolved through `x-principals`.
 */
export interface CustomRule {
  readonly kind: 'custom';
  /** Ids of the templates that may run. */
  readonly allowedTemplates: readonly string[];
  /** Ids of the members that may run any query (`ANY_QUERY`). */
  readonly anyQueryProviders: readonly string[];
  /** Columns that may be used but not shown. */
  readonly disallowedOutputColumns: readonly string[];
  /** The minimum of persons behind each row; if empty, individual rows may leave the room. */
  readonly outputConstraints: readonly OutputConstraint[];
  /** The key that the constraints were read from: AWS Clean Rooms' own, or the older extension. */
  readonly constraintKey: 'aggregationThresholds' | 'x-outputConstraints';
  /** What arguments of aggregates and window functions may be, where there are constraints. */
  readonly expressionType: AggregateExpressionType;
  /** Columns that have a minimum of their own; only with `aggregationThresholds`. */
  readonly outputColumnThresholds: readonly OutputColumnThreshold[];
  readonly comparisonControls: ComparisonControls;
  readonly round: Rounding | null;
  readonly suppression: Suppression;
  /**
   * Extension `x-maxGroups`: how many groups of an answer one person may be in where the groups depend on other members' columns;
   * `null` refuses queries that put one person into more than one.
   */
  readonly maxGroups: number | null;
}

const EXTENSIONS: readonly Extension[] = [
  'x-allowedAggregateExpressionType',
  'x-maxGroups',
  'x-outputConstraints',
  'x-round',
  'x-suppression',
];

const KEYS = [
  'allowedAnalyses',
  'allowedAnalysisProviders',
  'additionalAnalyses',
  'disallowedOutputColumns',
  'differentialPrivacy',
  'aggregationThresholds',
  'comparisonControls',
  ...EXTENSIONS,
];

/** Reads the ids of the templates, and finds `ANY_QUERY` if it is among them. */
function readAnalyses(place: RulePlace): { readonly templates: readonly string[]; readonly anyQuery: Cursor | null } {
  const cursor = place.branch.at('allowedAnalyses');
  let anyQuery: Cursor | null = null;
  const templates = readUnique(cursor, (item) => {
    if (item.is('ANY_JOB')) {
      item.refuseUnsupported('analyses in PySpark');
      return null;
    }
    if (!item.is('ANY_QUERY')) return place.readTemplate(item);
    anyQuery = item;
    return null;
  });
  return { templates, anyQuery };
}

/** The parts of a rule that say how many persons are behind each row. */
type Constraints = Pick<
  CustomRule,
  | 'outputConstraints'
  | 'constraintKey'
  | 'expressionType'
  | 'outputColumnThresholds'
  | 'round'
  | 'suppression'
  | 'maxGroups'
>;

/** Notes extensions that mean nothing without what they extend. */
function refuseAlone(place: RulePlace, isAws: boolean, isExtension: boolean): void {
  for (const name of ['x-round', 'x-suppression', 'x-maxGroups'] as const) {
    const extension = findExtension(place, name);
    if (!extension.isGiven || isAws || isExtension) continue;
    extension.refuse('a custom rule with this also needs `x-outputConstraints` or `aggregationThresholds`');
  }
  const expressionType = findExtension(place, 'x-allowedAggregateExpressionType');
  if (!expressionType.isGiven || isExtension) return;
  expressionType.refuse(
    isAws ? 'this belongs to `x-outputConstraints`' : 'a custom rule with this also needs `x-outputConstraints`',
    isAws ? 'write `allowedAggregateExpressionType` in `aggregationThresholds`' : undefined,
  );
}

/** Reads `aggregationThresholds`, or `x-outputConstraints`, its older name; a rule has one of them at most. */
function readConstraints(place: RulePlace): Constraints {
  const { branch, columns } = place;
  const thresholds = branch.at('aggregationThresholds');
  const constraints = findExtension(place, 'x-outputConstraints');
  refuseAlone(place, thresholds.isGiven, constraints.isGiven);
  if (thresholds.isGiven && constraints.isGiven) {
    constraints.refuse('a rule has either this or `aggregationThresholds`', 'remove it: it is the older name');
  }
  const threshold = readAggregationThresholds(thresholds, columns);
  const older = constraints.isGiven
    ? readOutputConstraints(constraints, columns, { isAllowed: () => true, words: 'a column of the table' })
    : Object.freeze([]);
  return {
    outputConstraints: threshold === null ? older : Object.freeze([threshold.constraint]),
    constraintKey: thresholds.isGiven ? 'aggregationThresholds' : 'x-outputConstraints',
    expressionType:
      threshold?.expressionType ??
      readAggregateExpressionType(findExtension(place, 'x-allowedAggregateExpressionType')),
    outputColumnThresholds: threshold?.outputColumns ?? Object.freeze([]),
    round: readRounding(findExtension(place, 'x-round')),
    suppression: readSuppression(findExtension(place, 'x-suppression')),
    maxGroups: readMaxGroups(findExtension(place, 'x-maxGroups')),
  };
}

/** Reads a custom rule; `null` if it is not an object. Other mistakes are noted, and the broken parts left out. */
export function readCustomRule(place: RulePlace): CustomRule | null {
  const { branch, columns, table } = place;
  refuseOtherExtensions(table, 'a custom rule', EXTENSIONS);
  if (!branch.object(KEYS)) return null;
  checkAdditionalAnalyses(branch);
  branch.at('differentialPrivacy').refuseUnsupported('differential privacy');
  const { templates, anyQuery } = readAnalyses(place);
  const providers = branch.at('allowedAnalysisProviders');
  const members = providers.isGiven ? readUnique(providers, place.readMember) : [];
  if (anyQuery !== null && !providers.isGiven) {
    providers.refuse('required with `ANY_QUERY`', 'list the members that may ask any query');
  }
  const disallowed = branch.at('disallowedOutputColumns');
  const constraints = readConstraints(place);
  const identityColumns = constraints.outputConstraints.map(({ columnName }) => columnName);
  return Object.freeze({
    kind: 'custom',
    allowedTemplates: templates,
    anyQueryProviders: anyQuery === null ? Object.freeze([]) : members,
    disallowedOutputColumns: disallowed.isGiven
      ? readUnique(disallowed, (item) => columns.read(item, 'disallowed'))
      : Object.freeze([]),
    ...constraints,
    comparisonControls: readComparisonControls(branch.at('comparisonControls'), columns, identityColumns),
  });
}
