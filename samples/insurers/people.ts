import { makePhone } from './phone.ts';
import type { Phone } from './phone.ts';
import type { SeededRandom } from './random.ts';
import { NAME_POOLS, REGIONS } from './vocabulary.ts';
import type { Region } from './vocabulary.ts';

/** An invented person. */
export interface Person {
  readonly given: string;
  readonly family: string;
  /** Lower case, unique among all people; null where the person gave none. */
  readonly email: string | null;
  readonly phone: Phone | null;
  /** ISO 8601 date. */
  readonly birthDate: string;
  readonly region: Region;
}

/** Invents `count` people with distinct e-mail addresses. */
export function makePeople(random: SeededRandom, count: number): Person[] {
  const taken = new Set<string>();
  return Array.from({ length: count }, () => {
    const pool = random.pick(NAME_POOLS);
    const given = random.pick(pool.given);
    const family = random.pick(pool.family);
    const region = random.pick(REGIONS);
    return {
      given,
      family,
      email: random.chance(0.06) ? null : makeEmail(random, taken, given, family),
      phone: random.chance(0.12) ? null : makePhone(random, region.country),
      birthDate: makeDate(random, 1940, 2005),
      region,
    };
  });
}

/** An ISO 8601 date in the given years, both inclusive. */
export function makeDate(random: SeededRandom, firstYear: number, lastYear: number): string {
  const first = Date.UTC(firstYear, 0, 1);
  const days = (Date.UTC(lastYear, 11, 31) - first) / MS_PER_DAY;
  return new Date(first + random.int(0, days) * MS_PER_DAY).toISOString().slice(0, 10);
}

const MS_PER_DAY = 86_400_000;

function makeEmail(random: SeededRandom, taken: Set<string>, given: string, family: string): string {
  const name = `${foldToAscii(given)}.${foldToAscii(family)}`;
  const domain = random.pick(['example.com', 'example.org', 'example.net']);
  let email = `${name}@${domain}`;
  while (taken.has(email)) email = `${name}${String(random.int(2, 999))}@${domain}`;
  taken.add(email);
  return email;
}

/** Letters that do not fall apart into a base letter and a mark. */
const UNDECOMPOSED: Readonly<Record<string, string>> = { ß: 'ss', ł: 'l', đ: 'd', ı: 'i', ø: 'o', æ: 'ae' };

function foldToAscii(name: string): string {
  return name
    .toLowerCase()
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z]/gu, (letter) => UNDECOMPOSED[letter] ?? '');
}
