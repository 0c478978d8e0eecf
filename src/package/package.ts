import { isAgeFile, openAge, sealAge } from '../age/index.ts';
import { openNote, signNote, type Signer, type Verifier } from '../tlog/index.ts';
import { SealroomError } from '../errors/index.ts';
import { sha256Hex } from '../platform/index.ts';
import { badPackage, readContainer, writeContainer } from './container.ts';
import type { Recipients } from './recipients.ts';
import { parseResultStatement, printResultStatement, type ResultStatement } from './statement.ts';

/** The authenticated content of a package. */
export interface OpenedPackage {
  readonly statement: ResultStatement;
  /** Names of the trusted keys that signed the statement. */
  readonly signedBy: readonly string[];
  /** An Arrow stream, whose sealed columns are still sealed. */
  readonly table: Uint8Array;
}

/**
 * Makes a package that only its receivers can open: an age file with the table and a statement about it, with the table's hash,
 * that the room signs.
 *
 * age does not say who made a file. The signature does, and it covers the receivers, the collaboration and the attempt, so a
 * receiver who opens a package and encrypts it to others does not turn it into a package for them.
 *
 * @throws {SealroomError} CUSTODY_KEY if a receiving key cannot be encrypted to.
 */
export async function sealPackage(
  statement: ResultStatement,
  table: Uint8Array,
  recipients: Recipients,
  signer: Signer,
): Promise<Uint8Array> {
  const [named, meant] = [statement.receivers, recipients.members].map((members) => [...members].sort().join(' '));
  if (named !== meant) throw new TypeError('a package for others than the receivers of its result');
  const note = signNote(printResultStatement(statement), [signer]);
  return sealAge(writeContainer({ note, table }), { recipients: recipients.keys });
}

/**
 * Opens a package, and checks who signed it and that its table is the one that was signed.
 *
 * @param identities age identities, tried one after the other
 * @param verifiers the keys of the rooms that are trusted
 * @throws {SealroomError} SECRET_IDENTITY if none of the identities opens it; FORMAT_PACKAGE if it was changed or is not a package;
 *   AUDIT_NOTE if no trusted room signed it.
 */
export async function openPackage(
  bytes: Uint8Array,
  identities: readonly string[],
  verifiers: readonly Verifier[],
): Promise<OpenedPackage> {
  const { note, table } = readContainer(await decrypt(bytes, identities));
  const { text, signedBy } = openNote(note, verifiers);
  const statement = parseResultStatement(text);
  if (sha256Hex(table) !== statement.result.sha256 || table.length !== statement.result.bytes)
    throw badPackage('the table is not the one that was signed');
  return Object.freeze({ statement, signedBy: signedBy.map(({ name }) => name), table });
}

async function decrypt(bytes: Uint8Array, identities: readonly string[]): Promise<Uint8Array> {
  if (!isAgeFile(bytes)) throw badPackage('it is not an age file');
  const opened = await openAge(bytes, { identities });
  if (opened.kind === 'damaged') throw badPackage('the age file is damaged');
  if (opened.kind === 'opened') return opened.bytes;
  throw new SealroomError('SECRET_IDENTITY', 'none of the identities opens the package', {
    hint: 'use the identity whose recipient is `publicKeys.receive` of your member in the manifest',
  });
}
