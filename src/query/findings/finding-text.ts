/** Why a finding of this kind refuses a query, and the usual way out of it. Both are full sentences. */
export interface FindingText {
  readonly why: string;
  readonly help: string;
}
