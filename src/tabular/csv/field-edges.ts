const NEEDS_TRIM = 1;
const KEEPS_BLANKS = 2;

/** White space at the edges of the values of each column: unquoted ones are trimmed, and quoted ones are not. */
export class FieldEdges {
  readonly #edges: number[] = [];
  /** The first line where a column had both, or `null`. */
  conflictLine: number | null = null;

  /** An unquoted value has outer white space. */
  addTrimmed(field: number, line: number): void {
    this.#add(field, line, NEEDS_TRIM);
  }

  /** A quoted value has outer white space. */
  addKept(field: number, line: number): void {
    this.#add(field, line, KEEPS_BLANKS);
  }

  #add(field: number, line: number, edge: number): void {
    const edges = (this.#edges[field] ?? 0) | edge;
    this.#edges[field] = edges;
    if (edges === (NEEDS_TRIM | KEEPS_BLANKS)) this.conflictLine ??= line;
  }

  /** For each of the fields of a record: whether values of that column are trimmed. */
  trims(fields: number): readonly boolean[] {
    return Array.from({ length: fields }, (_, field) => ((this.#edges[field] ?? 0) & NEEDS_TRIM) !== 0);
  }
}
