import type { SeededRandom } from './random.ts';
import type { Country } from './vocabulary.ts';

/** A telephone number in the form it was written down, and in E.164 for matching. */
export interface Phone {
  readonly asWritten: string;
  readonly e164: string;
}

/**
 * Makes a telephone number from the ranges that national regulators reserve for films and books (Bundesnetzagentur
 * 030 23125, 069 90009 and 089 99998; Arcep 01 99 00 and 06 39 98; PTS 070-174 06; Ofcom 07700 900), so that none of
 * them can ever ring.
 */
export function makePhone(random: SeededRandom, country: Country): Phone {
  return PHONE_MAKERS[country](random);
}

const PHONE_MAKERS: Record<Country, (random: SeededRandom) => Phone> = {
  de: (random) => {
    const [area, exchange] = random.pick([
      ['30', '23125'],
      ['69', '90009'],
      ['89', '99998'],
    ] as const);
    const line = digits(random.int(0, 999), 3);
    const asWritten = random.pick([
      `0${area}/${exchange}-${line}`,
      `0${area} ${exchange} ${line}`,
      `(0${area}) ${exchange}${line}`,
      `+49 ${area} ${exchange}${line}`,
      `0049 ${area} ${exchange} ${line}`,
    ]);
    return { asWritten, e164: `+49${area}${exchange}${line}` };
  },
  fr: (random) => {
    const [first, second, third] = random.pick([
      ['1', '99', '00'],
      ['6', '39', '98'],
    ] as const);
    const fourth = digits(random.int(0, 99), 2);
    const fifth = digits(random.int(0, 99), 2);
    const asWritten = random.pick([
      `0${first} ${second} ${third} ${fourth} ${fifth}`,
      `0${first}.${second}.${third}.${fourth}.${fifth}`,
      `+33 ${first} ${second} ${third} ${fourth} ${fifth}`,
      `+33${first}${second}${third}${fourth}${fifth}`,
    ]);
    return { asWritten, e164: `+33${first}${second}${third}${fourth}${fifth}` };
  },
  se: (random) => {
    const line = digits(random.int(5, 99), 2);
    const asWritten = random.pick([`070-174 06 ${line}`, `+46 70 174 06 ${line}`, `07017406${line}`]);
    return { asWritten, e164: `+467017406${line}` };
  },
  gb: (random) => {
    const line = digits(random.int(0, 999), 3);
    const asWritten = random.pick([`07700 900${line}`, `+44 7700 900 ${line}`, `+44 (0)7700 900-${line}`]);
    return { asWritten, e164: `+447700900${line}` };
  },
};

function digits(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
