import type { FileText } from '../../src/custody/index.ts';
import type { CliIo } from '../terminal.ts';
import { readOptionalFile } from './collaboration-options.ts';

/** A verifier key: a name, eight digits and Base64, with plus signs between them. */
const VERIFIER = /^[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+=*$/;

/** Reads what `--trust` gives: a verifier key as it is, or a file of such keys. @throws {SealroomError} as `readTextFile` */
export async function readTrust(io: CliIo, given: string | undefined): Promise<FileText | undefined> {
  return given !== undefined && VERIFIER.test(given) ? { text: `${given}\n` } : readOptionalFile(io, given);
}
