/** Longest header in UTF-16 code units: the limit of AWS Clean Rooms for a column name. Clause F-63. */
export const MAX_HEADER_LENGTH = 128;

/** Largest `length` of a pad in bytes, inclusive. Clause F-46. */
export const MAX_PAD_LENGTH_BYTES = 10_000;

/** Most target columns of a table schema: the limit of AWS Glue for a table. Clause F-54. */
export const MAX_TARGET_COLUMNS = 1_600;
