/** The transparency log: a Merkle tree (RFC 6962), signed notes, checkpoints and proofs (C2SP). No I/O. */
export {
  type Checkpoint,
  findFork,
  type Fork,
  openCheckpoint,
  type OpenedCheckpoint,
  signCheckpoint,
} from './checkpoint.ts';
export {
  HASH_BYTES,
  hashLeaf,
  HashTree,
  proveConsistency,
  proveInclusion,
  TreeEdge,
  type TreeHead,
  verifyConsistency,
  verifyInclusion,
} from './merkle.ts';
export { type OpenedNote, openNote, signNote, splitNotes } from './note.ts';
export {
  checkConsistencyProof,
  checkInclusionProof,
  openProof,
  printConsistencyProof,
  printInclusionProof,
} from './proof.ts';
export { generateSignerText, parseSigner, parseVerifier, parseVerifiers, Signer, Verifier } from './signer-keys.ts';
