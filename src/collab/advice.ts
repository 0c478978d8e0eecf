import { tableSubject } from './grants.ts';
import type { Manifest } from './manifest.ts';
import type { ManifestTable } from './table.ts';

/** Something that a manifest leaves open, which its members should know. */
export interface ManifestAdvice {
  readonly subject: string;
  readonly text: string;
}

/** What no rule here stops, whatever the manifest says: attacks 10 and 11 of the threat model. */
const UNSTOPPED = [
  'a member who chooses the rows of its own table can find out whether one person is in another table, by watching a ' +
    'count cross a threshold or a rounding step; budgets slow this down, nothing here stops it',
  'the size of an overlap is a result like any other: asked again and again with other rows, it tells who is in it',
] as const;

function adviseOnRule({ rule, accessBudgets }: ManifestTable): readonly string[] {
  if (rule === null) return [];
  const budget = accessBudgets.length === 0 ? ['has no access budget: any number of queries may touch it'] : [];
  switch (rule.kind) {
    case 'aggregation': {
      const weights =
        'lets a member with weights of 1, 2, 4, … in a table of its own read from one sum which of its rows are in the overlap; ' +
        '`x-foreignMeasures: deny` stops that';
      return [...(rule.foreignMeasures === 'allow' ? [weights] : []), ...budget];
    }
    case 'list':
      return ['gives out rows of the overlap one by one', ...budget];
    case 'custom': {
      const open = rule.anyQueryProviders.length > 0 && rule.outputConstraints.length === 0;
      const rows = `lets ${rule.anyQueryProviders.join(', ')} show single rows; \`x-outputConstraints\` stops that`;
      return [...(open ? [rows] : []), ...budget];
    }
  }
}

/**
 * What a manifest leaves open: first what its rules could stop, by table, and then what they cannot. Empty if no table can
 * be queried.
 */
export function adviseOnManifest({ tables }: Manifest): readonly ManifestAdvice[] {
  const ofTables = tables.flatMap((table) =>
    adviseOnRule(table).map((text) => ({ subject: tableSubject(table), text })),
  );
  const isOpen = tables.some(({ rule }) => rule !== null);
  const always = isOpen ? UNSTOPPED.map((text) => ({ subject: 'the collaboration', text })) : [];
  return Object.freeze([...ofTables, ...always]);
}
