import { access, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { VectorsError } from './case.ts';
import type { VectorCase } from './case.ts';
import { listFileCases } from './files.ts';
import { listFingerprintCases } from './fingerprint.ts';
import { readJsonFile, requireRecord } from './json.ts';
import type { Members } from './json.ts';
import { listKeyCases } from './keys.ts';
import { listRejectCases } from './reject.ts';
import { listSealedCases } from './sealed.ts';

/** A part of a folder of vectors, each of them optional. */
interface Part {
  readonly path: string;
  readonly list: (json: Members, folder: string) => readonly VectorCase[] | Promise<readonly VectorCase[]>;
}

const PARTS: readonly Part[] = [
  { path: 'keys.json', list: listKeyCases },
  { path: 'fingerprint.json', list: listFingerprintCases },
  { path: 'sealed.json', list: listSealedCases },
  { path: 'reject.json', list: listRejectCases },
  { path: 'files/manifest.json', list: (json, folder) => listFileCases(json, join(folder, 'files')) },
];

/**
 * All cases of a folder laid out like vectors/c3r.
 *
 * @throws {VectorsError} if the folder is missing or a file in it cannot be understood.
 */
export async function loadVectors(folder: string): Promise<readonly VectorCase[]> {
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) throw new VectorsError(`${folder} is not a folder`);
  const cases: VectorCase[] = [];
  for (const { path, list } of PARTS) {
    const file = join(folder, path);
    const exists = await access(file).then(
      () => true,
      () => false,
    );
    if (exists) cases.push(...(await list(requireRecord(await readJsonFile(file), file), folder)));
  }
  return cases;
}
