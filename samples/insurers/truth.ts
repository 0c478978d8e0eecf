import { formatCents, roundAmount } from './amounts.ts';
import { compareText } from './model.ts';
import type { Claim, Customer, Insurer, Insurers } from './model.ts';

/** A pair of claims about one incident, as the receiver should read it after decrypting; null is an empty field. */
export type SharedClaim = Readonly<Record<(typeof SHARED_CLAIM_COLUMNS)[number], string | null>>;

/** Columns of the result of the template `filed-with-both`, in order. */
export const SHARED_CLAIM_COLUMNS = [
  'incident_no',
  'incident_date',
  'region',
  'same_person',
  'brightfen_claim',
  'tannhof_claim',
  'brightfen_holder',
  'tannhof_holder',
  'brightfen_amount',
  'tannhof_amount',
  'brightfen_note',
  'tannhof_note',
] as const;

/** Totals of one region over the claims filed with both, as `queries/totals-per-region.sql` gives them without a threshold. */
export interface RegionTotal {
  readonly region: string;
  /** Incidents that both have. */
  readonly incidents: number;
  /** Over Tannhof's claims in these incidents, each once: sum of the amounts, each rounded to 10 euro before. */
  readonly tannhofEur: number;
}

/** What the collaboration should find out, computed in cleartext. */
export interface Truth {
  /** Ordered by incident, then by the two claims. */
  readonly sharedClaims: readonly SharedClaim[];
  /** Ordered by region, by UTF-16 code unit. */
  readonly totals: readonly RegionTotal[];
}

/** Joins the two insurers' claims in cleartext. */
export function computeTruth({ brightfen, tannhof }: Insurers): Truth {
  const pairs = pairClaims(brightfen, tannhof);
  return { sharedClaims: pairs.map(toSharedClaim), totals: totalPerRegion(pairs) };
}

interface ClaimPair {
  readonly one: Claim;
  readonly other: Claim;
  readonly oneHolder: Customer;
  readonly otherHolder: Customer;
  readonly samePerson: boolean;
}

function pairClaims(brightfen: Insurer, tannhof: Insurer): ClaimPair[] {
  const oneHolders = new Map(brightfen.customers.map((customer) => [customer.customerId, customer]));
  const otherHolders = new Map(tannhof.customers.map((customer) => [customer.customerId, customer]));
  const pairs: ClaimPair[] = [];
  for (const one of brightfen.claims) {
    for (const other of tannhof.claims) {
      if (one.incidentNo === null || one.incidentNo !== other.incidentNo) continue;
      const oneHolder = oneHolders.get(one.customerId);
      const otherHolder = otherHolders.get(other.customerId);
      if (oneHolder === undefined || otherHolder === undefined) throw new Error('a claim without its customer');
      const samePerson = oneHolder.email !== null && oneHolder.email === otherHolder.email;
      pairs.push({ one, other, oneHolder, otherHolder, samePerson });
    }
  }
  return pairs.sort(
    (x, y) =>
      compareText(x.one.incidentNo ?? '', y.one.incidentNo ?? '') ||
      compareText(x.one.claimId, y.one.claimId) ||
      compareText(x.other.claimId, y.other.claimId),
  );
}

function toSharedClaim({ one, other, oneHolder, otherHolder, samePerson }: ClaimPair): SharedClaim {
  return {
    incident_no: one.incidentNo,
    incident_date: one.incidentDate,
    region: one.region,
    same_person: String(samePerson),
    brightfen_claim: one.claimId,
    tannhof_claim: other.claimId,
    brightfen_holder: oneHolder.fullName,
    tannhof_holder: otherHolder.fullName,
    brightfen_amount: formatCents(one.amountCents),
    tannhof_amount: formatCents(other.amountCents),
    brightfen_note: one.note,
    tannhof_note: other.note,
  };
}

function totalPerRegion(pairs: readonly ClaimPair[]): RegionTotal[] {
  const totals = new Map<string, RegionTotal>();
  const incidents = new Set<string>();
  for (const other of new Set(pairs.map((pair) => pair.other))) {
    const soFar = totals.get(other.region);
    const key = `${other.region} ${other.incidentNo ?? ''}`;
    totals.set(other.region, {
      region: other.region,
      incidents: (soFar?.incidents ?? 0) + Number(!incidents.has(key)),
      tannhofEur: (soFar?.tannhofEur ?? 0) + (roundAmount(other.amountCents) ?? 0),
    });
    incidents.add(key);
  }
  return [...totals.values()].sort((x, y) => compareText(x.region, y.region));
}
