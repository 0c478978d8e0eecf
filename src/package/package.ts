import { isAgeFile, isAgeKind, listStanzas, openAge, sealAge } from '../age/index.ts';
import { encodeUtf8 } from '../bytes/index.ts';
import { openNote, signNote, type Signer, type Verifier } from '../tlog/index.ts';
import { SealroomError } from '../errors/index.ts';
import { sha256Hex } from '../platform/index.ts';
import { checkAttemptRecord } from './attempt-record.ts';
import { badPackage, readContainer, writeContainer } from './container.ts';
import type { Recipients } from './recipients.ts';
import { parseResultStatement, printResultStatement, type ResultStatement } from './statement.ts';

/** A result that goes into a package. */
export interface PackedResult {
  readonly statement: ResultStatement;
  /** An Arrow stream. */
  readonly table: Uint8Array;
  /** The line of the attempt in the audit log, without line break, which the statement's proof is for. */
  readonly record: string;
}

/** Who opens a package, and whom it is believed. */
export interface PackageContext {
  /** Id of the member that opens it, which must be one of its receivers. */
  readonly member: string;
  /** age identities, tried one after the other. */
  readonly identities: readonly string[];
  /** The keys of the rooms that are trusted. */
  readonly verifiers: readonly Verifier[];
}

/** The authenticated content of a package. */
export interface OpenedPackage {
  readonly statement: ResultStatement;
  /** Names of the trusted keys that signed the statement. */
  readonly signedBy: readonly string[];
  /** An Arrow stream, whose sealed columns are still sealed. */
  readonly table: Uint8Array;
  /** The signed checkpoint of the audit log, which has the attempt. Keep it to check the log against it later. */
  readonly checkpoint: string;
}

/**
 * Makes a package that only its receivers can open: an age file with the table, the record of the attempt, and a statement about
 * both that the room signs.
 *
 * age does not say who made a file. The signature does, and it covers the receivers, the collaboration and the attempt. So a receiver
 * who opens a package and encrypts it to others does not turn it into a package for them: {@link openPackage} refuses it.
 *
 * @throws {SealroomError} CUSTODY_KEY if a receiving key cannot be encrypted to.
 */
export async function sealPackage(
  { statement, table, record }: PackedResult,
  recipients: Recipients,
  signer: Signer,
): Promise<Uint8Array> {
  const [named, meant] = [statement.receivers, recipients.members].map((members) => [...members].sort().join(' '));
  if (named !== meant) throw new TypeError('a package for others than the receivers of its result');
  const note = signNote(printResultStatement(statement), [signer]);
  return sealAge(writeContainer({ note, table, record: encodeUtf8(record) }), { recipients: recipients.keys });
}

/**
 * Opens a package. It must be for the member that opens it and encrypted to its receivers only; a trusted room must have signed it and
 * its table, and have the attempt in its audit log.
 *
 * It does not know what was opened before: whoever keeps the ids of attempts finds an old package that passes for a new one.
 *
 * @throws {SealroomError} SECRET_IDENTITY if none of the identities opens it; FORMAT_PACKAGE if it was changed, is for others, or is
 *   not a package; AUDIT_NOTE if no trusted room signed it or its log; AUDIT_PROOF if the attempt is not in the log.
 */
export async function openPackage(
  bytes: Uint8Array,
  { member, identities, verifiers }: PackageContext,
): Promise<OpenedPackage> {
  const { note, table, record } = readContainer(await decrypt(bytes, identities));
  const { text, signedBy } = openNote(note, verifiers);
  const statement = parseResultStatement(text);
  requireReceiver(statement, member);
  requireOwnStanzas(statement, listStanzas(bytes));
  if (sha256Hex(table) !== statement.result.sha256 || table.length !== statement.result.bytes)
    throw badPackage('the table is not the one that was signed');
  const checkpoint = checkAttemptRecord(statement, record, verifiers);
  const names = signedBy.map(({ name }) => name);
  if (!names.includes(checkpoint.origin)) throw badPackage('its audit log is that of another room');
  return Object.freeze({ statement, signedBy: names, table, checkpoint: checkpoint.note });
}

function requireReceiver({ receivers }: ResultStatement, member: string): void {
  if (receivers.includes(member)) return;
  throw new SealroomError('FORMAT_PACKAGE', `the package is for ${receivers.join(', ')}, not for ${member}`, {
    hint: 'whoever passed it on may have opened it; the member that receives it is the one on the card of your home, or `--as`',
  });
}

/** Requires a key for each receiver and for nobody else, and all of one kind: a weaker one would open all of it. */
function requireOwnStanzas({ receivers }: ResultStatement, stanzas: readonly string[]): void {
  const [kind = ''] = stanzas;
  const isOneKind = isAgeKind(kind) && stanzas.every((each) => each === kind);
  if (isOneKind && stanzas.length === receivers.length) return;
  throw badPackage('it was not encrypted to its receivers, each with a key of the same kind');
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
