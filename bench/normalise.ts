import process from 'node:process';
import { parseArgs } from 'node:util';
import { encodeUtf8 } from '#src/bytes/index';
import { loadNormalisers, noCounts, normaliseColumn, parseNormalisation } from '#src/normalise/index';
import { markdownTable, number, text } from './markdown.ts';
import { median } from './median.ts';

const USAGE = `npm run bench:normalise -- [options]

CPU nanoseconds of normalising a value of a column, for each kind of step.

  --values N  (1000000)
  --repeat N  how often; the medians are printed (3)
  --help`;

const BATCH_ROWS = 2048;

const digits = (value: number, count: number): string => String(value % 10 ** count).padStart(count, '0');

/** The steps that are measured, and the value with a number, which makes it another one. */
const STEPS: Readonly<Record<string, (value: number) => string>> = {
  trim: (value) => ` customer ${digits(value, 7)} `,
  lower: (value) => `Customer ${digits(value, 7)}`,
  nfc: (value) => `Zoe\u0308 ${digits(value, 7)}`,
  email: (value) => `Anna.Schmidt${digits(value, 7)}@Example.com`,
  'email:gmail': (value) => `Anna.Schmidt${digits(value, 7)}+shop@Gmail.com`,
  digits: (value) => `DE-${digits(value, 4)}-${digits(value, 7)}`,
  postcode: (value) => `sw${digits(value, 1)}a ${digits(value, 1)}aa`,
  name: (value) => `  Müller-${digits(value, 7)},  Anna `,
  'name:fold': (value) => `  Müller-${digits(value, 7)},  Anna `,
  number: (value) => `${digits(value, 7)}.50`,
  'number:comma': (value) => `${digits(value, 7)},50`,
  'date:DD.MM.YYYY': (value) => `${digits(1 + (value % 28), 2)}.0${String(1 + (value % 9))}.19${digits(value, 2)}`,
  'phone:DE': (value) => `0170 ${digits(value, 7)}`,
};

/** The values from `first` on, as a column. */
function columnOf(make: (value: number) => string, first: number, rows: number): Parameters<typeof normaliseColumn>[0] {
  const values = Array.from({ length: rows }, (_, row) => encodeUtf8(make(first + row)));
  const offsets = new Int32Array(rows + 1);
  values.forEach((value, row) => (offsets[row + 1] = (offsets[row] ?? 0) + value.length));
  return { rows, offsets, bytes: Buffer.concat(values), validity: null };
}

/** CPU nanoseconds for each of so many values of a step. */
async function measure(step: string, make: (value: number) => string, values: number): Promise<number> {
  const normalisation = parseNormalisation({ normalise: [step] });
  const normalise = (await loadNormalisers([normalisation])).of(normalisation);
  if (normalise === null) throw new Error('a step that does nothing');
  const counts = noCounts();
  let microseconds = 0;
  for (let first = 0; first < values; first += BATCH_ROWS) {
    const column = columnOf(make, first, Math.min(BATCH_ROWS, values - first));
    const before = process.cpuUsage();
    normaliseColumn(column, normalise, counts);
    const { user, system } = process.cpuUsage(before);
    microseconds += user + system;
  }
  if (counts.values !== values || counts.notUnderstood + counts.missing > 0) throw new Error('values that are lost');
  return (microseconds * 1000) / values;
}

const { values: options } = parseArgs({
  options: {
    values: { type: 'string', default: '1000000' },
    repeat: { type: 'string', default: '3' },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) process.stdout.write(`${USAGE}\n`);
else {
  const [values, repeat] = [Number(options.values), Number(options.repeat)];
  const table = markdownTable([text('step', 17), number('CPU ns per value')]);
  process.stdout.write(`${table.head}\n`);
  for (const [step, make] of Object.entries(STEPS)) {
    const figures: number[] = [];
    for (let run = 0; run < repeat; run++) figures.push(await measure(step, make, values));
    process.stdout.write(`${table.row([`\`${step}\``, Math.round(median(figures)).toLocaleString('en')])}\n`);
  }
}
