import { encodeBase64 } from '../bytes/index.ts';
import { SealroomError } from '../errors/index.ts';
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
  return { origin, size: Number(size), root: bytes, signedBy };
}
