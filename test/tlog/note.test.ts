import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createSignerFile,
  generateSignerText,
  openCheckpoint,
  openNote,
  parseSigner,
  parseVerifier,
  parseVerifiers,
  readSignerFile,
  signCheckpoint,
  signNote,
  splitNotes,
} from 'sealroom/audit';

// The example in the documentation of golang.org/x/mod/sumdb/note.
const SIGNER = 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz';
const VERIFIER = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const NOTE = `${TEXT}\n\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`;

const signer = parseSigner(SIGNER);
const other = parseSigner(generateSignerText('other.example/log'));

describe('notes', () => {
  test('A-20, A-22 are those of c2sp.org/signed-note: its example verifies and is made alike', () => {
    expect(signer.verifier.toString()).toBe(VERIFIER);
    expect(signNote(TEXT, [signer])).toBe(NOTE);
    expect(openNote(NOTE, [parseVerifier(VERIFIER)]).text).toBe(TEXT);
  });

  test('A-23 signatures of unknown keys are ignored, of known ones checked', () => {
    const both = signNote(TEXT, [other, signer]);
    expect(openNote(both, [signer.verifier]).signedBy).toEqual([signer.verifier]);
    expect(openNote(both, [signer.verifier, other.verifier]).signedBy).toHaveLength(2);
    expect(() => openNote(NOTE, [other.verifier])).toThrow('none of the signatures is by a known key');
    const namesake = parseSigner(generateSignerText('PeterNeumann'));
    expect(() => openNote(NOTE, [namesake.verifier])).toThrow('none of the signatures is by a known key');
  });

  test('with any one byte changed do not open', () => {
    fc.assert(
      fc.property(fc.nat(NOTE.length - 1), fc.integer({ min: 1, max: 127 }), (place, change) => {
        const changed =
          NOTE.slice(0, place) + String.fromCharCode(NOTE.charCodeAt(place) ^ change) + NOTE.slice(place + 1);
        expect(() => openNote(changed, [signer.verifier])).toThrow();
      }),
      { seed: 7, numRuns: 500 },
    );
  });

  test.each([
    ['no signature', `${TEXT}\n`],
    ['no empty line', NOTE.replace('\n\n', '\n')],
    ['no line break at the end', NOTE.slice(0, -1)],
    ['control characters', NOTE.replace('If', '\u0001')],
    ['a signature without Base64', NOTE.replace('x08go', '!08go')],
    ['a signature line with more', NOTE.replace('x08go', 'more x08go')],
    ['a hyphen for the dash', NOTE.replace('\u2014', '-')],
  ])('with %s are refused', (_what, note) => {
    expect(() => openNote(note, [signer.verifier])).toThrow(expect.objectContaining({ code: 'AUDIT_NOTE' }));
  });

  test('A-21 names have no space and no plus', () => {
    for (const name of ['', 'a b', 'a+b', 'a\u00a0b', 'a\nb', 'x'.repeat(256)]) {
      expect(() => generateSignerText(name)).toThrow(expect.objectContaining({ code: 'USAGE_OPTION' }));
    }
  });

  test('one after the other are told apart', () => {
    const notes = [1, 2, 3].map((size) => signCheckpoint({ size, root: new Uint8Array(32) }, other));
    expect(splitNotes(notes.join(''))).toEqual(notes);
    expect(splitNotes(notes.join('\n'))).toEqual(notes);
    expect(splitNotes('')).toEqual([]);
  });
});

describe('checkpoints', () => {
  const root = Uint8Array.from({ length: 32 }, (_, index) => index);

  test('A-24 state origin, size and root', () => {
    const note = signCheckpoint({ size: 20852163, root }, other);
    expect(note.split('\n').slice(0, 4)).toEqual([
      'other.example/log',
      '20852163',
      'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=',
      '',
    ]);
    expect(openCheckpoint(note, [other.verifier])).toMatchObject({ origin: 'other.example/log', size: 20852163, root });
  });

  test.each([
    ['a leading zero', 'other.example/log\n01\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n'],
    ['a negative size', 'other.example/log\n-1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n'],
    ['a short root', 'other.example/log\n1\nAAECAw==\n'],
    ['no root', 'other.example/log\n1\n'],
  ])('with %s are refused', (_what, text) => {
    expect(() => openCheckpoint(signNote(text, [other]), [other.verifier])).toThrow('the note is not a checkpoint');
  });

  test('A-25 count only if their origin signed them', () => {
    const note = signNote(`${signCheckpoint({ size: 1, root }, other).split('\n\n')[0] ?? ''}\n`, [signer]);
    expect(() => openCheckpoint(note, [signer.verifier, other.verifier])).toThrow('signed by its origin');
  });
});

describe('keys', () => {
  test('of signers are in files that only their owner can read', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sealroom-signer-'));
    const file = join(folder, 'runner.key');
    try {
      const made = await createSignerFile(file, 'runner.example/a');
      expect((await readSignerFile(file)).verifier.toString()).toBe(made.verifier.toString());
      await expect(createSignerFile(file, 'runner.example/a')).rejects.toMatchObject({ code: 'IO_EXISTS' });
      await chmod(file, 0o644);
      await expect(readSignerFile(file)).rejects.toMatchObject({ code: 'SECRET_INVALID' });
      await chmod(file, 0o600);
      const text = await readFile(file, 'utf8');
      await writeFile(file, text.replace('runner', 'ranner'));
      await expect(readSignerFile(file)).rejects.toMatchObject({ code: 'SECRET_INVALID' });
      await expect(readSignerFile(join(folder, 'none'))).rejects.toMatchObject({ code: 'SECRET_INVALID' });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('of signers are not printed, and are in no message', () => {
    const secret = SIGNER.split('+').slice(4).join('+');
    expect(inspect(signer, { depth: 9, showHidden: true }) + JSON.stringify(signer)).not.toContain(secret);
    for (const text of [SIGNER.replace('c74f20a3', 'c74f20a4'), SIGNER.slice(0, -1), SIGNER.slice(8), '']) {
      expect(() => parseSigner(text)).toThrow(expect.objectContaining({ code: 'SECRET_INVALID' }));
      expect(() => parseSigner(text)).not.toThrow(secret.slice(4, 12));
    }
  });

  test('of verifiers are listed one a line', () => {
    expect(parseVerifiers(`# runner\n${VERIFIER}\n\n${other.verifier.toString()}\r\n`)).toHaveLength(2);
    expect(() => parseVerifiers(`${VERIFIER}\n${VERIFIER.replace('c74f20a3', 'c74f20a4')}`, { file: 'keys' })).toThrow(
      expect.objectContaining({ code: 'USAGE_OPTION', where: { file: 'keys', line: 2 } }),
    );
    expect(() => parseVerifiers('\n')).toThrow('there is no verifier key');
  });
});
