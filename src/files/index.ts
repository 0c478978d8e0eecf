/** Files: written whole or not at all, private, locked, spilled, hashed; and bytes from and to paths and streams. */
export {
  isExisting,
  type OutputTarget,
  placeFile,
  syncFile,
  temporaryName,
  writeFailure,
  writeFileAtomically,
} from './atomic-write.ts';
export { compressingSink, compressionOf, decompressed } from './compression.ts';
export { checkFolder, createFolderTarget, type FolderTarget, partName } from './folder-target.ts';
export { findParts, hashOfParts, type Part, requireOutside } from './parts.ts';
export { type ByteSink, fileSink, memorySink, type PositionedFile, streamSink } from './byte-sink.ts';
export {
  type ByteSource,
  lentSource,
  memorySource,
  openFile,
  readFailure,
  requireReadable,
  spoolStream,
} from './byte-source.ts';
export { freeBytesAt, hashBeginning, PartialFile } from './partial-file.ts';
export { readAt, writeAt } from './positioned.ts';
export { requireLocalPath } from './local-path.ts';
export { companionOf, findOutput } from './output-path.ts';
export { fileExists, isRegularFile } from './exists.ts';
export { stampFile, stampFiles } from './file-stamp.ts';
export { hashFile } from './hash-file.ts';
export { HeldLock } from './held-lock.ts';
export { withLock } from './lock.ts';
export {
  type BeforeCommit,
  checkDirectory,
  checkedFile,
  checkedStream,
  checkTarget,
  createTarget,
  placeOutput,
  sidecarPath,
  signaturePath,
  standardOutput,
  type WrittenFile,
} from './output-target.ts';
export { destroyFile, isOpenToOthers, temporariesOf, writePrivateFile } from './private-file.ts';
export { readPrivateFile } from './read-private-file.ts';
export { appendToSpill, readFromSpill, type SharedSpill, SharedSpillFile } from './shared-spill.ts';
export { createTempFolder, SpillFile } from './spill-file.ts';
export { prepareFile, readTextFile, removeFile, writeWholeFile } from './text-file.ts';
export { requireTrustedPath } from './trusted-path.ts';
