import { join } from 'node:path';
import { type Manifest, parseManifest, type SignatureState, verifyManifest, type Withdrawal } from '../collab/index.ts';
import { SealroomError } from '../errors/index.ts';
import { readTextFile } from '../files/index.ts';
import { ROOM_FILES } from './room-files.ts';

const BROKEN: readonly SignatureState[] = ['changed', 'wrong'];

/** States that a manifest in force may have. */
const FINE: readonly SignatureState[] = ['holds', 'withdrawn'];

/**
 * Refuses a manifest unless all members have signed exactly this version.
 *
 * @throws {SealroomError} MANIFEST_SIGNATURE if a signature does not hold, MANIFEST_UNSIGNED if one is missing.
 */
function requireSigned(manifest: Manifest, file: string): void {
  const states = verifyManifest(manifest);
  const broken = states.find(({ state }) => BROKEN.includes(state));
  const missing = states.find(({ state }) => !FINE.includes(state));
  const status = broken ?? missing;
  if (status === undefined) return;
  const what = status.template === null ? 'the manifest' : `template ${status.template}`;
  if (broken === undefined) {
    throw new SealroomError('MANIFEST_UNSIGNED', `${what} is not signed by ${status.member} yet`, {
      where: { file },
      hint: 'all members must sign it with `sealroom collab sign`; `sealroom collab verify` shows who has',
    });
  }
  throw new SealroomError(
    'MANIFEST_SIGNATURE',
    `the signature of ${status.member} does not match ${what}: it is of another version, or made with another key`,
    { where: { file }, hint: 'compare the versions with `sealroom collab diff`, and sign again if you agree' },
  );
}

/**
 * Parses a manifest, and requires that all members have signed it.
 *
 * @param known withdrawals that the room has seen
 */
export function parseSigned(text: string, file: string, known: readonly Withdrawal[] = []): Manifest {
  const manifest = parseManifest(text, { file, withdrawals: known });
  requireSigned(manifest, file);
  return manifest;
}

/** Reads the manifest of a room, and its text. It is verified every time, since files can be changed. */
export async function readManifestCopy(
  directory: string,
  known: readonly Withdrawal[],
): Promise<{ readonly manifest: Manifest; readonly manifestText: string }> {
  const path = join(directory, ROOM_FILES.manifest);
  const manifestText = await readTextFile(path);
  return { manifest: parseSigned(manifestText, path, known), manifestText };
}
