import type { OutputConstraint, Rounding, Suppression } from './constraint.ts';

/**
 * What the owner of a table allows when queries are approved one by one, or certain members may ask anything. Principals
 * and analyses are ids of the manifest: account ids and ARNs have been looked up in `x-principals`.
 */
export interface CustomRule {
  readonly kind: 'custom';
  /** Ids of the templates that may run. */
  readonly allowedTemplates: readonly string[];
  /** Ids of the members whose queries may run whatever they are (`ANY_QUERY`); nobody if empty. */
  readonly anyQueryProviders: readonly string[];
  /** Columns that may be used but not shown. */
  readonly disallowedOutputColumns: readonly string[];
  /** Extension `x-outputConstraints`; empty means that single rows may leave the room. */
  readonly outputConstraints: readonly OutputConstraint[];
  readonly round: Rounding | null;
  readonly suppression: Suppression;
}
