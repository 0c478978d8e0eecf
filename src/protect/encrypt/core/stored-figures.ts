/** What was found in some rows of a stored column. */
export interface StoredFigures {
  /** The longest value in bytes, or `null` if there is none. */
  readonly longest: number | null;
  readonly nulls: number;
  /** Bytes of all values. */
  readonly bytes: number;
  /** Groups of three bytes of all cells, if they are sealed without pad. */
  readonly sealedGroups: number;
  /** Of a normalised column: values before, those that were changed, and those that stand for none. */
  readonly values: number;
  readonly changed: number;
  readonly missing: number;
}
