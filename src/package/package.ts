import { createHash } from 'node:crypto';
import { Decrypter, Encrypter } from 'age-encryption';
import { openNote, signNote, type Signer, type Verifier } from '../audit/index.ts';
import { encodeUtf8 } from '../bytes/index.ts';
import { SealroomError } from '../errors.ts';
import { badPackage, readContainer, writeContainer } from './container.ts';
import type { Recipients } from './recipients.ts';
import { parseResultStatement, printResultStatement, type ResultStatement } from './statement.ts';

/** How every age file begins. Source: https://age-encryption.org/v1 */
const AGE_LINE = encodeUtf8('age-encryption.org/v1\n');

/** Whether bytes begin as an age file does; 22 of them are enough. */
export function isPackage(start: Uint8Array): boolean {
  return Buffer.from(start.subarray(0, AGE_LINE.length)).equals(AGE_LINE);
}

/** What a package holds, authenticated. */
export interface OpenedPackage {
  readonly statement: ResultStatement;
  /** Names of the trusted keys that signed it. */
  readonly signedBy: readonly string[];
  /** An Arrow stream, whose sealed columns are still sealed. */
  readonly table: Uint8Array;
}

/**
 * A package that only its receivers can open: the table and the statement that the room signs over its hash, in an age file.
 *
 * age says nothing of who made a file. The signature does, and it covers receivers, collaboration and attempt, so a receiver who
 * opens a package and encrypts it again to others does not make it one for them.
 */
export async function sealPackage(
  statement: ResultStatement,
  table: Uint8Array,
  recipients: Recipients,
  signer: Signer,
): Promise<Uint8Array> {
  const [named, meant] = [statement.receivers, recipients.members].map((members) => [...members].sort().join(' '));
  if (named !== meant) throw new TypeError('a package for others than the receivers of its result');
  const encrypter = new Encrypter();
  for (const key of recipients.keys) encrypter.addRecipient(key);
  const note = signNote(printResultStatement(statement), [signer]);
  return encrypter.encrypt(writeContainer({ note, table }));
}

/**
 * Opens a package, checks who signed it, and that the table is the one that was signed.
 *
 * @param identities age identities, tried one after the other
 * @param verifiers the keys of the rooms that are trusted
 * @throws {SealroomError} SECRET_IDENTITY if it is for none of the identities; FORMAT_PACKAGE if it was changed, or is no package;
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
  const sha256 = createHash('sha256').update(table).digest('hex');
  if (sha256 !== statement.result.sha256 || table.length !== statement.result.bytes) throw badPackage('another table');
  return Object.freeze({ statement, signedBy: signedBy.map(({ name }) => name), table });
}

async function decrypt(bytes: Uint8Array, identities: readonly string[]): Promise<Uint8Array> {
  if (!isPackage(bytes)) throw badPackage('other bytes');
  const decrypter = new Decrypter();
  for (const identity of identities) decrypter.addIdentity(identity);
  try {
    return await decrypter.decrypt(bytes);
  } catch (error) {
    // The library's word for it; any other failure is one of authentication or form.
    const isForOthers = error instanceof Error && error.message.startsWith('no identity matched');
    if (!isForOthers) throw badPackage('a damaged one');
    throw new SealroomError('SECRET_IDENTITY', 'expected an identity that opens the package, got others', {
      hint: 'use the identity whose recipient is `publicKeys.receive` of your member in the manifest',
    });
  }
}
