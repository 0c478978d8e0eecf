import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expand, extract } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { describe, expect, test } from 'vitest';
import { fingerprintKeyFromBytes } from 'sealroom/crypto';
import type { Kernel } from 'sealroom/crypto';
import { byteColumnOf } from '#src/bytes/index';
import { nativeSupport } from '#src/crypto/kernels/native/support';
import { WasmMachine } from '#src/crypto/kernels/wasm/machine';
import { bytesOfHex, hexOf, KERNELS } from '../c3r-vectors.ts';

// test/vectors/wycheproof/README.md says where these come from.

interface Group<Case> {
  readonly keySize: number;
  readonly ivSize?: number;
  readonly tagSize?: number;
  readonly tests: readonly (Case & { readonly tcId: number; readonly comment: string; readonly result: string })[];
}
interface GcmCase {
  readonly key: string;
  readonly iv: string;
  readonly aad: string;
  readonly msg: string;
  readonly ct: string;
  readonly tag: string;
}
interface MacCase {
  readonly key: string;
  readonly msg: string;
  readonly tag: string;
}
interface HkdfCase {
  readonly ikm: string;
  readonly salt: string;
  readonly info: string;
  readonly size: number;
  readonly okm: string;
}

function readGroups<Case>(name: string): readonly Group<Case>[] {
  const url = new URL(`../../vectors/wycheproof/${name}.json`, import.meta.url);
  return (JSON.parse(readFileSync(url, 'utf8')) as { testGroups: Group<Case>[] }).testGroups;
}

const GCM_GROUPS = readGroups<GcmCase>('aes_gcm_test');
const GCM_CASES = GCM_GROUPS.filter(
  ({ keySize, ivSize, tagSize }) => keySize === 256 && ivSize === 96 && tagSize === 128,
);
const MAC_CASES = readGroups<MacCase>('hmac_sha256_test').flatMap(({ tagSize, tests }) =>
  tests.map((vector) => ({ ...vector, tagBytes: (tagSize ?? 0) / 8 })),
);
const HKDF_CASES = readGroups<HkdfCase>('hkdf_sha256_test').flatMap(({ tests }) => tests);

const native = nativeSupport();
const MACHINES = [
  { name: 'wasm', machine: new WasmMachine() },
  ...(native.kind === 'sound' ? [{ name: 'native', machine: new WasmMachine(native.createExports()) }] : []),
];

interface Sealed {
  readonly text: Uint8Array;
  readonly tag: Uint8Array;
}

/** AES-256-GCM by the functions of a kernel on a machine, the work done in one of its eight lanes. */
function gcm(machine: WasmMachine, vector: GcmCase, text: Uint8Array, lane: number, isDecrypting: boolean): Sealed {
  const aad = bytesOfHex(vector.aad);
  const [key, iv, tag, aadAt] = [0, 64, 128, 192].map((at) => machine.ioAt + at) as [number, number, number, number];
  const data = aadAt + aad.length + machine.slackBytes;
  machine.reserve(data + text.length + machine.slackBytes - machine.ioAt);
  machine.bytes.set(bytesOfHex(vector.key), key);
  machine.bytes.set(bytesOfHex(vector.iv), iv);
  machine.bytes.set(aad, aadAt);
  machine.bytes.set(text, data);
  machine.exports.gcmForTests(key, iv, aadAt, aad.length, data, text.length, tag, lane, isDecrypting ? 1 : 0);
  return { text: machine.bytes.slice(data, data + text.length), tag: machine.bytes.slice(tag, tag + 16) };
}

describe.each(MACHINES)('AES-256-GCM of kernel $name', ({ machine }) => {
  const cases = GCM_CASES.flatMap(({ tests }) => tests);

  test('66 of 316 vectors are of this cipher; the others have other keys, IVs or tags', () => {
    expect([cases.length, GCM_GROUPS.reduce((count, { tests }) => count + tests.length, 0)]).toEqual([66, 316]);
  });

  test.each(cases)('$tcId $comment ($result)', (vector) => {
    for (let lane = 0; lane < 8; lane++) {
      const sealed = gcm(machine, vector, bytesOfHex(vector.msg), lane, false);
      expect([hexOf(sealed.text), hexOf(sealed.tag)].join() === [vector.ct, vector.tag].join()).toBe(
        vector.result === 'valid',
      );
      const opened = gcm(machine, vector, bytesOfHex(vector.ct), lane, true);
      expect(hexOf(opened.tag) === vector.tag).toBe(vector.result === 'valid');
      if (vector.result === 'valid') expect(hexOf(opened.text)).toBe(vector.msg);
    }
  });
});

/**
 * HMAC-SHA-256 by way of a fingerprint: the last byte of the message is what a fingerprint calls the type byte. A key
 * shorter than 32 bytes is filled up with zeros and one longer than a block is hashed, as RFC 2104 §2 does itself.
 */
function hmac(kernel: Kernel, key: Uint8Array, message: Uint8Array): Uint8Array {
  const short = key.length > 64 ? createHash('sha256').update(key).digest() : key;
  const padded = new Uint8Array(32);
  padded.set(short);
  const task = { key: fingerprintKeyFromBytes(padded), typeByte: message.at(-1) ?? 0, nulls: 'keep' } as const;
  const cell = kernel.fingerprintColumn(task, byteColumnOf([message.subarray(0, -1)]));
  return Uint8Array.from(Buffer.from(Buffer.from(cell.bytes).toString('latin1').slice('02:hmac:'.length), 'base64'));
}

function isExpressible(keyHex: string, messageHex: string): boolean {
  const keyBytes = keyHex.length / 2;
  return messageHex !== '' && (keyBytes <= 32 || keyBytes > 64);
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

describe.each(KERNELS)('kernel $name', (kernel) => {
  const macs = MAC_CASES.filter(({ key, msg }) => isExpressible(key, msg));

  test('HMAC: 114 of 174 vectors can be said as fingerprints; the others have keys of 33 to 64 bytes, or no message', () => {
    expect([macs.length, MAC_CASES.length]).toEqual([114, 174]);
  });

  test.each(macs)('HMAC-SHA-256 $tcId $comment ($result)', ({ key, msg, tag, tagBytes, result }) => {
    const mac = hmac(kernel, bytesOfHex(key), bytesOfHex(msg));
    expect(hexOf(mac.subarray(0, tagBytes)) === tag).toBe(result === 'valid');
  });

  const derivations = HKDF_CASES.filter(({ salt, ikm }) => isExpressible(salt, ikm));

  test('HKDF: 77 of 86 vectors can be said as fingerprints; the others have a salt of 33 to 64 bytes', () => {
    expect([derivations.length, HKDF_CASES.length]).toEqual([77, 86]);
  });

  test.each(derivations)('HKDF-SHA-256 $tcId $comment ($result)', ({ ikm, salt, info, size, okm, result }) => {
    if (result === 'invalid') {
      expect(size).toBeGreaterThan(255 * 32);
      return;
    }
    const key = hmac(kernel, bytesOfHex(salt), bytesOfHex(ikm));
    const blocks: Uint8Array[] = [];
    for (let index = 1; index * 32 < size + 32; index++) {
      blocks.push(hmac(kernel, key, concat(blocks.at(-1) ?? new Uint8Array(), bytesOfHex(info), Uint8Array.of(index))));
    }
    expect(hexOf(concat(...blocks).subarray(0, size))).toBe(okm);
  });
});

// The key derivation takes its salt and info as text, which these are not; its two functions are called as it calls them.
test.each(HKDF_CASES)(
  'HKDF of the key derivation $tcId $comment ($result)',
  ({ ikm, salt, info, size, okm, result }) => {
    const derive = (): Uint8Array =>
      expand(sha256, extract(sha256, bytesOfHex(ikm), bytesOfHex(salt)), bytesOfHex(info), size);
    if (result === 'invalid') expect(derive).toThrow();
    else expect(hexOf(derive())).toBe(okm);
  },
);
