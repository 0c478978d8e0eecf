import { createCipheriv, createDecipheriv, createHash, createHmac, getFips, hash, hkdfSync } from 'node:crypto';
import { SealroomError } from '../errors/index.ts';

const HINT =
  'start Node with NODE_OPTIONS=--enable-fips, and OPENSSL_CONF and OPENSSL_MODULES as in docs/fips.md; or leave out `--fips`';

/** A known-answer test: the expected result in hexadecimal digits, and the computation. */
interface KnownAnswer {
  readonly name: string;
  readonly expected: string;
  readonly compute: () => Uint8Array;
}

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

/** AES-256 of the specification of GCM, McGrew and Viega, 2005, appendix B, test case 16. */
const GCM = {
  key: 'feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308',
  iv: 'cafebabefacedbaddecaf888',
  bound: 'feedfacedeadbeeffeedfacedeadbeefabaddad2',
  plain:
    'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
  sealed:
    '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662',
  tag: '76fc6ece0f4e1768cddf8853bb2d551b',
};

const KNOWN_ANSWERS: readonly KnownAnswer[] = [
  {
    // FIPS 180-4; NIST, examples with intermediate values, SHA-256, one block.
    name: 'SHA-256',
    expected: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    compute: () => createHash('sha256').update('abc').digest(),
  },
  {
    // The one-shot form, which kernel `node` uses.
    name: 'SHA-256, one-shot',
    expected: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    compute: () => hash('sha256', 'abc', 'buffer'),
  },
  {
    // RFC 4231 §4.2, test case 1.
    name: 'HMAC-SHA-256',
    expected: 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    compute: () => createHmac('sha256', Buffer.alloc(20, 0x0b)).update('Hi There').digest(),
  },
  {
    // RFC 5869 appendix A.1.
    name: 'HKDF-SHA-256',
    expected: '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
    compute: () =>
      new Uint8Array(
        hkdfSync('sha256', Buffer.alloc(22, 0x0b), hex('000102030405060708090a0b0c'), hex('f0f1f2f3f4f5f6f7f8f9'), 42),
      ),
  },
  {
    name: 'AES-256-GCM, sealing',
    expected: GCM.sealed + GCM.tag,
    compute: () => {
      const cipher = createCipheriv('aes-256-gcm', hex(GCM.key), hex(GCM.iv)).setAAD(hex(GCM.bound));
      return Buffer.concat([cipher.update(hex(GCM.plain)), cipher.final(), cipher.getAuthTag()]);
    },
  },
  {
    name: 'AES-256-GCM, opening',
    expected: GCM.plain,
    compute: () => openGcm(hex(GCM.tag)),
  },
];

/**
 * Refuses a process that does not use OpenSSL's FIPS provider, and runs known-answer tests of the algorithms that sealroom uses.
 *
 * FIPS must be on when the process starts: `setFips` at run time reports success even without the provider, and digests that
 * were used before keep the other provider. FIPS covers Node's crypto module, in all threads of the process, but nothing that
 * is written in JavaScript or WebAssembly.
 *
 * @throws {SealroomError} IO_FIPS if FIPS is off, the provider allows what it must not, or a test fails.
 */
export function requireFips(): void {
  if (getFips() !== 1) throw refuse(`FIPS is off in this Node, OpenSSL ${process.versions.openssl}`);
  for (const { name, expected, compute } of KNOWN_ANSWERS) {
    if (answerOf(compute) !== expected) throw refuse(`the known-answer test of ${name} fails`);
  }
  const forgery = hex(GCM.tag).fill(0, 15);
  if (answerOf(() => openGcm(forgery)) !== null) throw refuse('a forged tag of AES-256-GCM is accepted');
  // Not approved: if both are refused, the FIPS provider is in use, and no other.
  const hasMd5 = answerOf(() => createHash('md5').update('abc').digest()) !== null;
  const hasChaCha = answerOf(chaCha) !== null;
  if (hasMd5 || hasChaCha) throw refuse('algorithms that are not approved are allowed');
}

const refuse = (reason: string): SealroomError =>
  new SealroomError('IO_FIPS', `OpenSSL's FIPS provider is not in use: ${reason}`, { hint: HINT });

/** The result of an algorithm in hexadecimal digits, or `null` if it is refused. */
function answerOf(compute: () => Uint8Array): string | null {
  try {
    return Buffer.from(compute()).toString('hex');
  } catch {
    return null;
  }
}

function openGcm(tag: Uint8Array): Uint8Array {
  const decipher = createDecipheriv('aes-256-gcm', hex(GCM.key), hex(GCM.iv), { authTagLength: 16 });
  decipher.setAAD(hex(GCM.bound)).setAuthTag(tag);
  return Buffer.concat([decipher.update(hex(GCM.sealed)), decipher.final()]);
}

function chaCha(): Uint8Array {
  const cipher = createCipheriv('chacha20-poly1305', Buffer.alloc(32), Buffer.alloc(12), { authTagLength: 16 });
  return cipher.update('abc');
}
