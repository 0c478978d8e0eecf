import type { AggregationRule } from './aggregation.ts';
import type { CustomRule } from './custom.ts';
import type { ListRule } from './list.ts';

/** Names of the columns that a rule lets queries use; `null` for all columns of the table. */
export function columnsOfRule(rule: AggregationRule | ListRule | CustomRule): readonly string[] | null {
  switch (rule.kind) {
    case 'aggregation':
      return [
        ...rule.aggregateColumns.flatMap(({ columnNames }) => columnNames),
        ...rule.joinColumns,
        ...rule.dimensionColumns,
        ...rule.outputConstraints.map(({ columnName }) => columnName),
      ];
    case 'list':
      return [...rule.joinColumns, ...rule.listColumns];
    case 'custom':
      return null;
  }
}
