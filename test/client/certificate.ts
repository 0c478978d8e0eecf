import { generateKeyPairSync, sign } from 'node:crypto';

/** A DER value: tag, length, content. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head = length < 128 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);

/** An object identifier below 1.3 or 2.5, by its content. */
const identifier = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));

const ED25519 = sequence(identifier('2b6570'));

function timeOf(date: Date): Buffer {
  const digits = date.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return der(0x17, Buffer.from(digits.slice(2)));
}

/** A certificate for 127.0.0.1 that signs itself, valid for an hour, and its key; both in PEM. */
export function makeCertificate(): { readonly key: string; readonly cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const name = sequence(der(0x31, sequence(identifier('550403'), der(0x0c, Buffer.from('a room in a test')))));
  const now = Date.now();
  const address = der(0x87, Uint8Array.of(127, 0, 0, 1));
  const extension = sequence(identifier('551d11'), der(0x04, sequence(address)));
  const body = sequence(
    der(0xa0, der(0x02, Uint8Array.of(2))),
    der(0x02, Uint8Array.of(1)),
    ED25519,
    name,
    sequence(timeOf(new Date(now - 60_000)), timeOf(new Date(now + 3_600_000))),
    name,
    publicKey.export({ format: 'der', type: 'spki' }),
    der(0xa3, sequence(extension)),
  );
  const bytes = sequence(body, ED25519, der(0x03, Uint8Array.of(0), sign(null, body, privateKey)));
  const base64 = bytes.toString('base64').replaceAll(/.{64}/g, '$&\n');
  return {
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
  };
}
