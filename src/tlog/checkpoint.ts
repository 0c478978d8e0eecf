import { encodeBase64, equalConstantTime } from '../bytes/index.ts';
import { countOf, SealroomError } from '../errors/index.ts';
import { decodeStrict, isKeyName, type Signer, type Verifier } from './signer-keys.ts';
import { HASH_BYTES, type TreeHead } from './merkle.ts';
import { openNote, signNote } from './note.ts';

/** What the signer of a log states about it at some moment: the number of records and their root. */
export interface Checkpoint extends TreeHead {
  /** Identifies the log: the name that its operator signs with. */
  readonly origin: string;
}

/** A checkpoint whose signatures were checked. */
export interface OpenedCheckpoint extends Checkpoint {
  /** The whole text, with all signatures. */
  readonly note: string;
  readonly signedBy: readonly Verifier[];
}

/**
 * Signs a checkpoint: a note of c2sp.org/tlog-checkpoint. Its origin is the first signer's name.
 *
 * A log must never sign two checkpoints of which neither grew out of the other; the caller must ensure this.
 */
export function signCheckpoint({ size, root }: TreeHead, signer: Signer): string {
  //= audit A-24
  return signNote(`${signer.verifier.name}\n${String(size)}\n${encodeBase64(root)}\n`, [signer]);
}

/**
 * Checks the signatures of a checkpoint and reads it. Lines after the third are ignored, because they cannot be
 * checked.
 *
 * @throws {SealroomError} AUDIT_NOTE if it is not a checkpoint, if no verifier with its origin's name signed it, or if a known
 *   verifier's signature is wrong.
 */
export function openCheckpoint(note: string, verifiers: readonly Verifier[]): OpenedCheckpoint {
  const { text, signedBy } = openNote(note, verifiers);
  //= audit A-24
  const [origin = '', size = '', root = '', ...rest] = text.slice(0, -1).split('\n');
  const bytes = decodeStrict(root);
  if (
    !isKeyName(origin) ||
    !/^(0|[1-9]\d{0,14})$/.test(size) ||
    bytes?.length !== HASH_BYTES ||
    rest.some((line) => line === '')
  ) {
    throw new SealroomError('AUDIT_NOTE', 'the note is not a checkpoint with origin, size and root');
  }
  //= audit A-25
  if (!signedBy.some((verifier) => verifier.name === origin)) {
    throw new SealroomError('AUDIT_NOTE', `the checkpoint is not signed by its origin \`${origin}\``);
  }
  return { note, origin, size: Number(size), root: bytes, signedBy };
}

/** Two signed checkpoints of one log that cannot both be true: proof that its signer signed two logs. */
export interface Fork {
  /** What they say, in a sentence. */
  readonly message: string;
  /** The texts of both, which prove it to anyone who has the verifier key. */
  readonly evidence: readonly [string, string];
}

/**
 * The first pair of checkpoints that have one origin and one size, and different roots; `null` if there is none. Two checkpoints of
 * different sizes cannot be compared without the records, or a proof of growth.
 */
export function findFork(checkpoints: readonly OpenedCheckpoint[]): Fork | null {
  //= audit A-51
  const known = new Map<string, OpenedCheckpoint>();
  for (const checkpoint of checkpoints) {
    const { origin, size, root, note } = checkpoint;
    const key = `${origin} ${String(size)}`;
    const earlier = known.get(key) ?? checkpoint;
    known.set(key, earlier);
    if (equalConstantTime(earlier.root, root)) continue;
    const message = `the signer of \`${origin}\` signed two logs: its checkpoints of ${countOf(size, 'record')} differ`;
    return { message, evidence: [earlier.note, note] };
  }
  return null;
}
