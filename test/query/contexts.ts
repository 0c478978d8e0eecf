import type { CheckContext } from 'sealroom/query';
import type { FileContext } from '../adversarial/kit/file.ts';
import { checkContextOf, contextOf, manifestOf } from '../adversarial/adversarial-file.ts';

/** The same context, in which queries are written in the SQL of the engine. */
export function inDuckDb(context: CheckContext): CheckContext {
  return { ...context, manifest: { ...context.manifest, dialect: 'duckdb' } };
}

/** A context of the file in which the rule of each table has more keys, with other settings where they are given. */
export function changed(
  name: string,
  change: (table: string) => Readonly<Record<string, unknown>>,
  more: Partial<FileContext> = {},
): CheckContext {
  const context = contextOf(name);
  const policies = Object.fromEntries(
    Object.entries(context.policies).map(([table, { v1 }]) => {
      const [kind = '', rule] = Object.entries(v1)[0] ?? [];
      return [table, { v1: { [kind]: { ...(rule as object), ...change(table) } } }];
    }),
  );
  return { ...checkContextOf({ context: name }), manifest: manifestOf({ ...context, ...more, policies }) };
}

/** The keys of a rule, in AWS Clean Rooms' own words, that want persons behind each row. */
export function personsOf(more: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  const threshold = { identityColumns: ['email_fingerprint'], minimumIdentityCount: 20, type: 'COUNT_DISTINCT' };
  return { aggregationThresholds: [{ ...threshold, ...more }] };
}

/** A context in which `visits` has more keys in its custom rule, and nulls are preserved, so that queries can group by persons. */
export function visitsWith(keys: Readonly<Record<string, unknown>>): CheckContext {
  return changed('customAny', (table) => (table === 'visits' ? keys : {}), { settings: { preserveNulls: true } });
}

const THRESHOLD = { columnName: 'email_fingerprint', minimum: 100, type: 'COUNT_DISTINCT' };

const OWN: Readonly<Record<string, () => CheckContext>> = {
  /** `visits` answers only queries of its owner. */
  providers: () => changed('customAny', (table) => (table === 'visits' ? { allowedAnalysisProviders: ['pub'] } : {})),
  /** `visits` wants a hundred persons behind each row. */
  /** No column of `visits` may be compared with a constant. */
  compared: () => visitsWith({ comparisonControls: { allowedLiteralComparisonColumns: [] } }),
  /** `visits` wants twenty persons behind each row. */
  persons: () => visitsWith(personsOf()),
  thresholds: () => changed('customAny', (table) => (table === 'visits' ? { 'x-outputConstraints': [THRESHOLD] } : {})),
};

/** A context of the file, or one of a few that are made from it: `providers`, `compared`, `persons`, `thresholds`. */
export function withPolicies(name: string): CheckContext {
  return OWN[name]?.() ?? checkContextOf({ context: name });
}
