import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { createSeededRandom } from '../insurers/random.ts';

const SEED = 20_260_301;

const email = (person: number): string => `reader${String(person)}@example.org`;

/** A day of March or February 2026. */
const dayOf = (day: number): string =>
  `2026-${day > 28 ? '03' : '02'}-${String(day > 28 ? day - 28 : day).padStart(2, '0')}`;

/** The tables of both members as CSV, by their path in this folder. The same on every run. */
export function makeTables(): Readonly<Record<string, string>> {
  const random = createSeededRandom(SEED);
  const table = (header: string, rows: number, row: (index: number) => readonly string[]): string =>
    [header, ...Array.from({ length: rows }, (_, index) => row(index).join(','))].map((line) => `${line}\n`).join('');
  return {
    'paper/impressions.csv': table('email,campaign,region,cost', 400, () => {
      const person = random.int(0, 149);
      // Few readers live on the island: nothing may be said of them.
      const region = person < 6 ? 'Heligoland' : random.pick(['Holstein', 'Saxony', 'Swabia']);
      return [email(person), random.pick(['boots', 'sandals']), region, `0.${String(random.int(10, 99))}`];
    }),
    'shoes/purchases.csv': table('mail,product,amount', 250, () => [
      email(random.int(0, 199)),
      random.pick(['boot', 'runner', 'sandal']),
      `${String(random.int(30, 150))}.90`,
    ]),
    'paper/readers.csv': table('email,letter,subject,written', 60, (index) => [
      email(index),
      `Letter ${String(index)}: ${random.pick(['too tight', 'worn out', 'very fine'])}`,
      random.pick(['shoes', 'weather']),
      dayOf(random.int(1, 56)),
    ]),
  };
}

// npx tsx samples/room/generate.ts
const self = fileURLToPath(import.meta.url);
if (argv[1] === self) {
  for (const [path, text] of Object.entries(makeTables())) {
    const target = join(dirname(self), path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
}
