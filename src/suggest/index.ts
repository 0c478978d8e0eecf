/** Facts about the columns of a table, what they show of its values, and proposals for a schema. No I/O. */
export { type ColumnProfile, type ColumnProfiler, distinctLimit, profileColumn } from './column-profile.ts';
export { type ColumnAdvice, printDraft, type SchemaDraft, type SuggestOptions, suggestSchema } from './draft.ts';
export { type ColumnFigures, figuresOf } from './figures.ts';
export { PLACEHOLDER_WORDS } from './placeholders.ts';
export { type ColumnReport, reportColumn, type MatchKeyReport, type TargetReport } from './report.ts';
export type { Repetition } from './value-counter.ts';
export { DATE_ORDERS, type DateOrder, VALUE_SHAPES, type ValueShape } from './value-shapes.ts';
export { StatisticsCollector, type ValueStatistics } from './value-statistics.ts';
export { percent } from './words.ts';
