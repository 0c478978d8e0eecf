/** The kinds of target columns, as a schema writes them. */
export const COLUMN_KINDS = ['sealed', 'fingerprint', 'cleartext'] as const;

/** One of {@link COLUMN_KINDS}. */
export type ColumnKind = (typeof COLUMN_KINDS)[number];
