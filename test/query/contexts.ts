import type { CheckContext } from 'sealroom/query';
import type { FileContext } from '../adversarial/kit/file.ts';
import { checkContextOf, contextOf, manifestOf } from '../adversarial/adversarial-file.ts';

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

const THRESHOLD = { columnName: 'email_fingerprint', minimum: 100, type: 'COUNT_DISTINCT' };

const OWN: Readonly<Record<string, () => CheckContext>> = {
  /** `visits` answers only queries of its owner. */
  providers: () => changed('customAny', (table) => (table === 'visits' ? { allowedAnalysisProviders: ['pub'] } : {})),
  /** `visits` wants a hundred persons behind each row. */
  thresholds: () => changed('customAny', (table) => (table === 'visits' ? { 'x-outputConstraints': [THRESHOLD] } : {})),
};

/** A context of the file, or one of a few that are made from it: `providers`, `thresholds`. */
export function withPolicies(name: string): CheckContext {
  return OWN[name]?.() ?? checkContextOf({ context: name });
}
