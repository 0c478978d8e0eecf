import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { makeInsurers } from './model.ts';
import { layOutFiles } from './tables.ts';
import { computeTruth } from './truth.ts';

/** The seed of the committed files. */
export const SAMPLE_SEED = 20_250_301;

/** Writes the sample's tables and expected results under `folder`. Equal bytes on every run. */
export function writeSample(folder: string): void {
  const insurers = makeInsurers(SAMPLE_SEED);
  for (const { path, text } of layOutFiles(insurers, computeTruth(insurers))) {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
}

// npx tsx samples/insurers/generate.ts [folder]
const self = fileURLToPath(import.meta.url);
if (argv[1] === self) writeSample(argv[2] ?? dirname(self));
