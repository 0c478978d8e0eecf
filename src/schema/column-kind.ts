/** The kinds of target columns, as they appear in a schema. */
export const COLUMN_KINDS = ['sealed', 'fingerprint', 'cleartext'] as const;

/** One of {@link COLUMN_KINDS}. */
export type ColumnKind = (typeof COLUMN_KINDS)[number];
