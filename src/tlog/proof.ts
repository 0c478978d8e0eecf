import { encodeBase64 } from '../bytes/index.ts';
import { SealroomError } from '../errors/index.ts';
import { findFork, openCheckpoint, type OpenedCheckpoint } from './checkpoint.ts';
import { decodeStrict, type Verifier } from './signer-keys.ts';
import { HASH_BYTES, hashLeaf, verifyConsistency, verifyInclusion } from './merkle.ts';

const INCLUSION_HEADER = 'c2sp.org/tlog-proof@v1';

/** The maximum number of hashes in a proof: twice the height of the largest tree that a checkpoint can state. */
const MAX_HASHES = 128;

/** A parsed proof: the number in its first line, its hashes, and the checkpoint after them. */
interface ProofText {
  readonly number: number;
  readonly hashes: readonly Uint8Array[];
  readonly checkpoint: string;
}

/** Formats the proof that a record is in the log of a checkpoint, as text of c2sp.org/tlog-proof. */
export function printInclusionProof(index: number, hashes: readonly Uint8Array[], checkpoint: string): string {
  //= audit A-26
  return `${INCLUSION_HEADER}\nindex ${String(index)}\n${printHashes(hashes)}\n${checkpoint}`;
}

/** Formats the proof that a log of `size` records grew into that of a checkpoint, as text of c2sp.org/tlog-witness. */
export function printConsistencyProof(size: number, hashes: readonly Uint8Array[], checkpoint: string): string {
  //= audit A-27
  return `old ${String(size)}\n${printHashes(hashes)}\n${checkpoint}`;
}

/**
 * Checks that a record is in a log.
 *
 * @param line the bytes of the record's line, without line break
 * @returns its position in the log, and the checkpoint of the proof
 * @throws {SealroomError} AUDIT_PROOF if the proof is malformed or is not a proof for this record; AUDIT_NOTE if no known key signed
 *   its checkpoint.
 */
export function checkInclusionProof(
  proof: string,
  line: Uint8Array,
  verifiers: readonly Verifier[],
): { readonly index: number; readonly checkpoint: OpenedCheckpoint } {
  const header = `${INCLUSION_HEADER}\n`;
  if (!proof.startsWith(header)) throw malformed();
  const { number: index, hashes, checkpoint } = parseProof(proof.slice(header.length), 'index ');
  const opened = openCheckpoint(checkpoint, verifiers);
  if (!verifyInclusion(opened, index, hashLeaf(line), hashes)) {
    throw new SealroomError('AUDIT_PROOF', `the proof does not show that record ${String(index)} is in the log`);
  }
  return { index, checkpoint: opened };
}

/**
 * Checks that a log grew out of the one of an earlier checkpoint.
 *
 * @param seen the checkpoint that was seen before
 * @returns the checkpoint of the proof
 * @throws {SealroomError} AUDIT_PROOF if the proof is malformed or does not connect the two checkpoints; AUDIT_FORK, with both as
 *   evidence, if they have one size and different roots; AUDIT_NOTE if no known key signed a checkpoint.
 */
export function checkConsistencyProof(proof: string, seen: string, verifiers: readonly Verifier[]): OpenedCheckpoint {
  const { number: size, hashes, checkpoint } = parseProof(proof, 'old ');
  const older = openCheckpoint(seen, verifiers);
  const newer = openCheckpoint(checkpoint, verifiers);
  const fork = findFork([older, newer]);
  if (fork !== null) throw new SealroomError('AUDIT_FORK', fork.message, { evidence: fork.evidence });
  if (older.origin !== newer.origin || older.size !== size || !verifyConsistency(older, newer, hashes)) {
    throw new SealroomError(
      'AUDIT_PROOF',
      `the proof does not show that the log of ${String(newer.size)} records grew out of the one of ${String(older.size)}`,
    );
  }
  return newer;
}

/**
 * The checkpoint of a proof of either kind, and the number in its first line. Whether it proves anything is not checked: that takes the
 * record, or the earlier checkpoint.
 *
 * @throws {SealroomError} AUDIT_PROOF if it is malformed; AUDIT_NOTE if no known key signed its checkpoint.
 */
export function openProof(
  proof: string,
  verifiers: readonly Verifier[],
): { readonly kind: 'record' | 'growth'; readonly number: number; readonly checkpoint: OpenedCheckpoint } {
  const header = `${INCLUSION_HEADER}\n`;
  const isOfRecord = proof.startsWith(header);
  const { number, checkpoint } = isOfRecord
    ? parseProof(proof.slice(header.length), 'index ')
    : parseProof(proof, 'old ');
  return { kind: isOfRecord ? 'record' : 'growth', number, checkpoint: openCheckpoint(checkpoint, verifiers) };
}

function printHashes(hashes: readonly Uint8Array[]): string {
  return hashes.map((hash) => `${encodeBase64(hash)}\n`).join('');
}

function parseProof(text: string, word: string): ProofText {
  const split = text.indexOf('\n\n');
  const [first = '', ...lines] = text.slice(0, Math.max(split, 0)).split('\n');
  const number = first.startsWith(word) ? first.slice(word.length) : '';
  const hashes = lines.map(decodeStrict);
  if (!/^(0|[1-9]\d{0,14})$/.test(number) || hashes.length > MAX_HASHES) throw malformed();
  return {
    number: Number(number),
    hashes: hashes.map((hash) => {
      if (hash?.length !== HASH_BYTES) throw malformed();
      return hash;
    }),
    checkpoint: text.slice(split + 2),
  };
}

function malformed(): SealroomError {
  return new SealroomError('AUDIT_PROOF', 'the text is not a proof with its checkpoint');
}
