import type { AggregationRule, CustomRule, ListRule, Manifest, ManifestTable } from '../collab/index.ts';

/** The most queries that are worth trying for one table. */
const MAX_CANDIDATES = 24;

/** A name as SQL of either dialect takes it. */
function quoteName(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name}"`;
}

function columnOf(alias: string, name: string): string {
  return `${alias}.${quoteName(name)}`;
}

/** What FROM can be: the table alone, or joined with a table of the member on a column that both may join on. */
function fromsOf(table: ManifestTable, { tables }: Manifest, member: string): readonly string[] {
  const alone = `${quoteName(table.name)} t`;
  const { rule } = table;
  if (rule === null || rule.kind === 'custom') return [alone];
  const joined = tables.flatMap((other) => {
    if (other.owner !== member || other === table || other.rule?.kind !== rule.kind) return [];
    const { joinColumns } = other.rule;
    const shared = rule.joinColumns.find((name) => joinColumns.includes(name));
    if (shared === undefined) return [];
    return [`${alone} JOIN ${quoteName(other.name)} o ON ${columnOf('t', shared)} = ${columnOf('o', shared)}`];
  });
  return [...joined, alone];
}

/** Each aggregate alone and by the first dimension; counts of persons come first. */
function examplesOfAggregation(rule: AggregationRule, froms: readonly string[]): readonly string[] {
  const aggregates = rule.aggregateColumns.flatMap(({ columnNames, function: name }) =>
    columnNames.map((column) => {
      const [plain = name, distinct] = name.split('_');
      return `${plain}(${distinct === undefined ? '' : 'DISTINCT '}${columnOf('t', column)})`;
    }),
  );
  const persons = aggregates.toSorted((a, b) => Number(b.startsWith('COUNT(D')) - Number(a.startsWith('COUNT(D')));
  const [dimension] = rule.dimensionColumns;
  const group = dimension === undefined ? null : columnOf('t', dimension);
  return persons.flatMap((aggregate) =>
    froms.flatMap((from) => [
      ...(group === null ? [] : [`SELECT ${group}, ${aggregate} AS n FROM ${from} GROUP BY ${group}`]),
      `SELECT ${aggregate} AS n FROM ${from}`,
    ]),
  );
}

function examplesOfList({ listColumns }: ListRule, froms: readonly string[]): readonly string[] {
  const shown = listColumns.map((name) => columnOf('t', name)).join(', ');
  return froms.map((from) => `SELECT ${shown} FROM ${from}`);
}

function examplesOfCustom(rule: CustomRule, { columns, name }: ManifestTable): readonly string[] {
  const shown = columns.filter(
    (column) => column.protection === 'cleartext' && !rule.disallowedOutputColumns.includes(column.name),
  );
  const from = `FROM ${quoteName(name)} t`;
  const [constraint] = rule.outputConstraints;
  if (constraint === undefined) {
    return [`SELECT ${shown.map((column) => columnOf('t', column.name)).join(', ')} ${from}`];
  }
  const persons = `COUNT(DISTINCT ${columnOf('t', constraint.columnName)}) AS n ${from}`;
  const groups = shown.filter((column) => column.name !== constraint.columnName);
  return [
    ...groups.map(
      (column) => `SELECT ${columnOf('t', column.name)}, ${persons} GROUP BY ${columnOf('t', column.name)}`,
    ),
    `SELECT ${persons}`,
  ];
}

/**
 * Queries of a member that a table most likely allows, the most telling first, made from the rules of the manifest. None of them has
 * been checked. There are none for a table without a rule, and for one that allows templates only.
 */
export function listCandidates(manifest: Manifest, table: ManifestTable, member: string): readonly string[] {
  const { rule } = table;
  if (rule === null) return [];
  switch (rule.kind) {
    case 'aggregation':
      return examplesOfAggregation(rule, fromsOf(table, manifest, member)).slice(0, MAX_CANDIDATES);
    case 'list':
      return examplesOfList(rule, fromsOf(table, manifest, member)).slice(0, MAX_CANDIDATES);
    case 'custom':
      return rule.anyQueryProviders.includes(member) ? examplesOfCustom(rule, table).slice(0, MAX_CANDIDATES) : [];
  }
}
