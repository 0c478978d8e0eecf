import type { Manifest, ManifestTable } from '../../collab/index.ts';
import { quoteForMessage } from '../../errors/index.ts';

/** What is right in itself, but leaves a table without an answer: found in the manifest, and not only in the room. */
export function warnOfTable({ settings, tables }: Manifest, table: ManifestTable): readonly string[] {
  const others = tables.filter(({ owner }) => owner !== table.owner);
  return [
    ...(settings.allowJoinsOnColumnsWithDifferentNames ? [] : warnOfNames(table, others)),
    ...warnOfRuleKinds(table, others),
    ...warnOfNoQuery(table),
  ];
}

const quote = (names: Iterable<string>): string => [...names].map(quoteForMessage).join(', ');

const fingerprintsOf = ({ columns }: ManifestTable): readonly string[] =>
  columns.flatMap(({ name, protection }) => (protection === 'fingerprint' ? [name] : []));

/** No fingerprint column can match one of another member's table, because all have other names. */
function warnOfNames(table: ManifestTable, others: readonly ManifestTable[]): readonly string[] {
  const own = fingerprintsOf(table);
  const theirs = new Set(others.flatMap(fingerprintsOf));
  if (own.length === 0 || theirs.size === 0 || own.some((name) => theirs.has(name))) return [];
  return [
    `${quoteForMessage(table.name)} matches no table of another member: fingerprints match only in columns of one name, and it has ${quote(own)}, they have ${quote(theirs)}: give a column the same \`targetHeader\` in the schema`,
  ];
}

/** All tables of a query must have the same kind of rule. */
function warnOfRuleKinds({ name, rule }: ManifestTable, others: readonly ManifestTable[]): readonly string[] {
  if (rule === null || others.length === 0 || others.some((other) => other.rule?.kind === rule.kind)) return [];
  const theirs = others.flatMap((other) =>
    other.rule === null ? [] : [`${quoteForMessage(other.name)}: ${other.rule.kind}`],
  );
  if (theirs.length === 0) return [];
  return [
    `no query can use ${quoteForMessage(name)} with another member's table: all need one kind of analysis rule, and its is ${rule.kind} (${theirs.join(', ')})`,
  ];
}

/** A custom rule without templates allows nothing. */
function warnOfNoQuery({ name, rule }: ManifestTable): readonly string[] {
  if (rule?.kind !== 'custom' || rule.allowedTemplates.length + rule.anyQueryProviders.length > 0) return [];
  return [
    `${quoteForMessage(name)} allows no query yet: name templates of the manifest with \`--template\`, or write \`allowedAnalyses: [ANY_QUERY]\` and \`allowedAnalysisProviders\` into its rule`,
  ];
}
