/** Each output row must be made of at least `minimum` different values of the column; a null is none. */
export interface OutputConstraint {
  readonly columnName: string;
  /** 2 to 100,000. */
  readonly minimum: number;
}

/** How released numbers are rounded, after the output constraints: to the nearest multiple of a step. */
export interface Rounding {
  /** Step of counts, a whole number; 1 leaves them as they are. */
  readonly counts: number;
  /** Step of sums and averages, or `null` to leave them as they are. */
  readonly sums: number | null;
}

/** What the output says of rows that an output constraint removes: nothing, or one row that sums them up. */
export type Suppression = 'silent' | 'summary';
