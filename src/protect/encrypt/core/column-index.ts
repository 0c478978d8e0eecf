declare const list: unique symbol;

/**
 * The index of a column in one of the three lists that a plan speaks of. All are numbers at run time; an index into one list is not
 * taken for one into another.
 */
type ColumnIndex<List extends string> = number & { readonly [list]?: List };

/** An index into the fields of the source table. */
export type TableIndex = ColumnIndex<'table'>;

/** An index into the columns that are read: those of the table that the schema names, each once. */
export type ReadIndex = ColumnIndex<'read'>;

/** An index into the columns of values that wait for protection: of a column that is read, once for each form it is needed in. */
export type EncodedIndex = ColumnIndex<'encoded'>;
