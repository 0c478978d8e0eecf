import { encodeBase64, encodeUtf8 } from '../bytes/index.ts';
import { SealroomError } from '../errors/index.ts';
import { decodeStrict, isKeyName, type Signer, type Verifier } from './signer-keys.ts';

/** The maximum length of a note in characters, including signatures. */
const MAX_NOTE_CHARACTERS = 1_000_000;

/** The maximum number of signatures of a note; c2sp.org/signed-note requires support for at least 16. */
const MAX_SIGNATURES = 100;

/** The em dash and the space at the beginning of a signature line. */
const DASH = '\u2014 ';

const KEY_ID_BYTES = 4;

/** A note whose signatures were checked. */
export interface OpenedNote {
  /** The text that was signed; it ends with a line break. */
  readonly text: string;
  /** The trusted verifiers whose signatures are on it, each once. */
  readonly signedBy: readonly Verifier[];
}

/**
 * Signs a text as a note of c2sp.org/signed-note: the text, an empty line, one line for each signature.
 *
 * @param text ends with a line break and has no other control characters
 * @throws {SealroomError} AUDIT_NOTE if the text is not valid for a note.
 */
export function signNote(text: string, signers: readonly Signer[]): string {
  if (!text.endsWith('\n') || !isNoteText(text))
    throw malformed('a text needs a line break at its end and no other control characters');
  const message = encodeUtf8(text);
  const lines = signers.map((signer) => {
    //= audit A-20
    const { name, keyId } = signer.verifier;
    const signature = Buffer.concat([Buffer.from(keyId, 'hex'), signer.sign(message)]);
    return `${DASH}${name} ${encodeBase64(signature)}\n`;
  });
  return `${text}\n${lines.join('')}`;
}

/**
 * Checks the signatures of a note against the verifiers that the caller trusts. Signatures of others are
 * ignored, as c2sp.org/signed-note requires, because they cannot be checked.
 *
 * @throws {SealroomError} AUDIT_NOTE if it is not a note, if a trusted verifier's signature is wrong, or if no trusted verifier signed.
 */
export function openNote(note: string, verifiers: readonly Verifier[]): OpenedNote {
  //= audit A-20
  const split = note.lastIndexOf('\n\n');
  if (note.length > MAX_NOTE_CHARACTERS || split < 0 || !note.endsWith('\n') || !isNoteText(note)) {
    throw malformed('the text is not a signed note');
  }
  const text = note.slice(0, split + 1);
  const message = encodeUtf8(text);
  const lines = note.slice(split + 2, -1).split('\n');
  if (lines.length > MAX_SIGNATURES)
    throw malformed(`expected at most ${String(MAX_SIGNATURES)} signatures, got ${String(lines.length)}`);
  const signedBy = new Set<Verifier>();
  for (const line of lines) {
    const { name, keyId, signature } = parseSignature(line);
    //= audit A-23
    const verifier = verifiers.find((known) => known.name === name && known.keyId === keyId);
    if (verifier === undefined) continue;
    if (!verifier.verifies(message, signature)) {
      throw new SealroomError('AUDIT_NOTE', `the signature of \`${name}\` does not match the text`);
    }
    signedBy.add(verifier);
  }
  if (signedBy.size === 0) {
    throw new SealroomError('AUDIT_NOTE', 'none of the signatures is by a known key', {
      hint: `the known keys are ${verifiers.map((known) => `${known.name}+${known.keyId}`).join(', ')}`,
    });
  }
  return { text, signedBy: [...signedBy] };
}

interface SignatureLine {
  readonly name: string;
  readonly keyId: string;
  readonly signature: Uint8Array;
}

function parseSignature(line: string): SignatureLine {
  const [name = '', encoded = '', ...rest] = line.startsWith(DASH) ? line.slice(DASH.length).split(' ') : [];
  const bytes = decodeStrict(encoded);
  if (!isKeyName(name) || bytes === null || bytes.length <= KEY_ID_BYTES || rest.length > 0) {
    throw malformed('a line after the text is not a signature');
  }
  const keyId = Buffer.from(bytes.subarray(0, KEY_ID_BYTES)).toString('hex');
  return { name, keyId, signature: bytes.slice(KEY_ID_BYTES) };
}

/**
 * Splits a text with several notes, one after the other, such as `sealroom audit checkpoint >> seen` writes. The text of a
 * checkpoint has no line that looks like a signature.
 */
export function splitNotes(text: string): readonly string[] {
  const notes: string[] = [];
  let note = '';
  let isSigned = false;
  for (const line of text.split(/(?<=\n)/)) {
    if (isSigned && !line.startsWith(DASH)) {
      notes.push(note);
      note = '';
    }
    // Blank lines between notes do not belong to a note.
    if (note !== '' || line !== '\n') note += line;
    isSigned = line.startsWith(DASH);
  }
  return note === '' ? notes : [...notes, note];
}

/** Whether a text has line breaks and no other control characters below U+0020, and is well-formed. */
function isNoteText(text: string): boolean {
  // eslint-disable-next-line no-control-regex -- these are the characters that notes must not contain
  return !/[\u0000-\u0009\u000b-\u001f\p{Cs}]/u.test(text);
}

function malformed(message: string): SealroomError {
  return new SealroomError('AUDIT_NOTE', message);
}
