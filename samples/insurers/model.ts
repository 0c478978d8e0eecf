import { makeDate, makePeople } from './people.ts';
import type { Person } from './people.ts';
import { createSeededRandom } from './random.ts';
import type { SeededRandom } from './random.ts';
import { CATEGORIES, COMMON_NOTES, NOTES_BY_CATEGORY, PARTS, PLACES, REGIONS } from './vocabulary.ts';

/** One row of an insurer's `customers.csv`; null is an empty field. */
export interface Customer {
  readonly customerId: string;
  readonly fullName: string;
  readonly email: string | null;
  readonly phone: string | null;
  readonly phoneE164: string | null;
  readonly birthDate: string;
  readonly region: string;
  readonly since: string;
}

/** One row of an insurer's `claims.csv`; null is an empty field. */
export interface Claim {
  readonly claimId: string;
  readonly customerId: string;
  /** Number of the police report; null where the police was not called. */
  readonly incidentNo: string | null;
  readonly incidentDate: string;
  readonly region: string;
  readonly category: string;
  /** Euro cents; null while the loss is not assessed. */
  readonly amountCents: number | null;
  readonly note: string | null;
}

/** What one insurer knows. */
export interface Insurer {
  readonly customers: readonly Customer[];
  readonly claims: readonly Claim[];
}

/** Both insurers' data. */
export interface Insurers {
  readonly brightfen: Insurer;
  readonly tannhof: Insurer;
}

/** Sizes of the sample, in rows unless said otherwise. */
const SIZES = {
  brightfen: { customers: 900, claims: 1150 },
  tannhof: { customers: 700, claims: 900 },
  /** People insured with both. */
  sharedPeople: 120,
  /** Incidents filed with both. */
  sharedIncidents: 90,
} as const;

/** Makes both insurers from a seed; equal seeds give equal data. */
export function makeInsurers(seed: number): Insurers {
  const random = createSeededRandom(seed);
  const { brightfen, tannhof, sharedPeople } = SIZES;
  const people = makePeople(random, brightfen.customers + tannhof.customers - sharedPeople);
  const first = random.shuffle(people.slice(0, brightfen.customers));
  const second = random.shuffle(people.slice(brightfen.customers - sharedPeople));
  const brightfenPolicies = first.map((person, i) => ({ person, customerId: `BF-${String(10_000 + i)}` }));
  const tannhofPolicies = second.map((person, i) => ({ person, customerId: `TH${String(700_000 + 7 * i)}` }));

  const filed = fileClaims(random, brightfenPolicies, tannhofPolicies);
  return {
    brightfen: {
      customers: brightfenPolicies.map((policy) => toCustomer(random, policy, writeGivenFirst)),
      claims: numberClaims(filed.brightfen, (year, i) => `C-${year}-${String(1 + i).padStart(5, '0')}`),
    },
    tannhof: {
      customers: tannhofPolicies.map((policy) => toCustomer(random, policy, writeFamilyFirst)),
      claims: numberClaims(filed.tannhof, (year, i) => `${year.slice(2)}/S${String(40_000 + 3 * i)}`),
    },
  };
}

interface Policy {
  readonly person: Person;
  readonly customerId: string;
}

interface Incident {
  readonly incidentNo: string | null;
  readonly incidentDate: string;
  readonly region: string;
  readonly category: string;
}

type FiledClaim = Omit<Claim, 'claimId'>;

function fileClaims(
  random: SeededRandom,
  brightfenPolicies: readonly Policy[],
  tannhofPolicies: readonly Policy[],
): { brightfen: FiledClaim[]; tannhof: FiledClaim[] } {
  const reports = new Set<string>();
  const brightfen: FiledClaim[] = [];
  const tannhof: FiledClaim[] = [];
  const insuredTwice = brightfenPolicies.flatMap((policy) => {
    const other = tannhofPolicies.find(({ person }) => person === policy.person);
    return other === undefined ? [] : [[policy, other] as const];
  });

  for (let i = 0; i < SIZES.sharedIncidents; i++) {
    const incident = makeIncident(random, reports, { category: 'collision', reported: true });
    // Most shared incidents are two drivers with an insurer each; some are one driver who filed twice.
    const filedTwice = random.chance(0.3);
    const [one, other] = filedTwice
      ? random.pick(insuredTwice)
      : [random.pick(brightfenPolicies), random.pick(tannhofPolicies)];
    const loss = makeAmountCents(random);
    brightfen.push(makeClaim(random, incident, one.customerId, loss));
    tannhof.push(makeClaim(random, incident, other.customerId, filedTwice ? loss : makeAmountCents(random)));
    // Now and then a third vehicle, so that an incident number occurs twice within one table.
    if (random.chance(0.06)) {
      const third = random.pick(brightfenPolicies);
      brightfen.push(makeClaim(random, incident, third.customerId, makeAmountCents(random)));
    }
  }
  const fill = (claims: FiledClaim[], policies: readonly Policy[], size: number): void => {
    while (claims.length < size) {
      const category = random.pick(CATEGORIES);
      const reported = random.chance(category === 'theft' ? 0.95 : 0.5);
      const incident = makeIncident(random, reports, { category, reported });
      claims.push(makeClaim(random, incident, random.pick(policies).customerId, makeAmountCents(random)));
    }
  };
  fill(brightfen, brightfenPolicies, SIZES.brightfen.claims);
  fill(tannhof, tannhofPolicies, SIZES.tannhof.claims);
  return { brightfen, tannhof };
}

function makeIncident(
  random: SeededRandom,
  reports: Set<string>,
  kind: { readonly category: string; readonly reported: boolean },
): Incident {
  const incidentDate = makeDate(random, 2023, 2024);
  let incidentNo: string | null = null;
  while (kind.reported && incidentNo === null) {
    const candidate = `PR-${incidentDate.slice(0, 4)}-${String(random.int(0, 999_999)).padStart(6, '0')}`;
    if (!reports.has(candidate)) incidentNo = candidate;
  }
  if (incidentNo !== null) reports.add(incidentNo);
  return { incidentNo, incidentDate, region: random.pick(REGIONS).name, category: kind.category };
}

function makeClaim(random: SeededRandom, incident: Incident, customerId: string, amountCents: number): FiledClaim {
  return {
    ...incident,
    customerId,
    amountCents: random.chance(0.03) ? null : amountCents,
    note: random.chance(0.08) ? null : makeNote(random, incident.category),
  };
}

/** Many small losses and few large ones, from 85.00 to about 14,000.00. */
function makeAmountCents(random: SeededRandom): number {
  return 8_500 + Math.floor(random.next() * random.next() * random.next() * 1_400_000);
}

function makeNote(random: SeededRandom, category: string): string {
  const fitting = NOTES_BY_CATEGORY[category] ?? [];
  return random
    .pick([...COMMON_NOTES, ...fitting, ...fitting])
    .replace('{place}', () => random.pick(PLACES))
    .replace('{part}', () => random.pick(PARTS));
}

function numberClaims(filed: readonly FiledClaim[], toClaimId: (year: string, index: number) => string): Claim[] {
  const byDate = [...filed].sort((x, y) => compareText(x.incidentDate, y.incidentDate));
  return byDate.map((claim, index) => ({ claimId: toClaimId(claim.incidentDate.slice(0, 4), index), ...claim }));
}

function toCustomer(random: SeededRandom, { person, customerId }: Policy, writeName: (p: Person) => string): Customer {
  return {
    customerId,
    fullName: writeName(person),
    email: person.email,
    phone: person.phone?.asWritten ?? null,
    phoneE164: person.phone?.e164 ?? null,
    birthDate: person.birthDate,
    region: person.region.name,
    since: makeDate(random, 2008, 2022),
  };
}

function writeGivenFirst({ given, family }: Person): string {
  return `${given} ${family}`;
}

function writeFamilyFirst({ given, family }: Person): string {
  return `${family}, ${given}`;
}

/** Orders text by UTF-16 code unit, the same on every machine. */
export function compareText(x: string, y: string): number {
  return x < y ? -1 : x > y ? 1 : 0;
}
