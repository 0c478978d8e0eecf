/** Files: written whole or not at all, private, locked, spilled, hashed; and bytes from and to paths and streams. */
export {
  isExisting,
  type OutputTarget,
  placeFile,
  syncFile,
  temporaryName,
  writeFileAtomically,
} from './atomic-write.ts';
export { type ByteSink, fileSink, memorySink, streamSink } from './byte-sink.ts';
export { type ByteSource, memorySource, openFile, readFailure, spoolStream } from './byte-source.ts';
export { fileExists } from './exists.ts';
export { hashChunks, hashFile } from './hash-file.ts';
export { withLock } from './lock.ts';
export {
  type BeforeCommit,
  checkDirectory,
  checkedFile,
  checkedStream,
  checkTarget,
  createTarget,
  sidecarPath,
  signaturePath,
  standardOutput,
  type WrittenFile,
} from './output-target.ts';
export { destroyFile, isOpenToOthers, temporariesOf, writePrivateFile } from './private-file.ts';
export { readPrivateFile } from './read-private-file.ts';
export { createTempFolder, SpillFile } from './spill-file.ts';
export { prepareFile, readTextFile, removeFile, writeWholeFile } from './text-file.ts';
export { requireTrustedPath } from './trusted-path.ts';
