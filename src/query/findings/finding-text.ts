/** Why a query with this finding is refused, and the usual way out. Both are full sentences. */
export interface FindingText {
  readonly why: string;
  readonly help: string;
}
