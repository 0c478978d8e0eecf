import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  type X509Certificate,
} from 'node:crypto';
import { SealroomError } from '../errors/index.ts';
import { bits, der, type Der, identifier, integer, sequence, DER_TAG, derTime } from './der.ts';
import type { HostName } from './host-name.ts';

/** A certificate and its private key, both in PEM. */
export interface CertifiedKey {
  readonly key: string;
  readonly cert: string;
}

/** Days for which a server's certificate is valid: the most that clients put up with. */
const SERVER_DAYS = 397;

/** Days for which an authority is valid. */
const AUTHORITY_DAYS = 3650;

const DAY_MS = 86_400_000;

/** How far the clock of a client may be behind. */
const BACKDATED_MS = 3_600_000;

const ECDSA_SHA256 = sequence(identifier('1.2.840.10045.4.3.2'));

/** What all authorities are called: their keys tell them apart. */
const AUTHORITY = 'sealroom CA';

/** Marks an extension that whoever does not know it must refuse. */
const CRITICAL = der(DER_TAG.boolean, Uint8Array.of(0xff));

/**
 * Makes an authority that can vouch for these names and those below them, and for nothing else (RFC 5280 §4.2.1.10): whoever trusts it
 * trusts it for no other server.
 */
export function makeAuthority(names: readonly HostName[], now: Date): CertifiedKey {
  const { privateKey, publicKey } = makeKey();
  const subject = nameOf(AUTHORITY);
  const keyId = keyIdOf(publicKey);
  const extensions = [
    extension('2.5.29.19', CRITICAL, sequence(CRITICAL, integer(0))),
    extension('2.5.29.15', CRITICAL, usage(0x06, 1)),
    extension('2.5.29.30', CRITICAL, constraintsOf(names)),
    extension('2.5.29.14', der(DER_TAG.octets, keyId)),
  ];
  const parts = { issuer: subject, subject, publicKey, extensions, now, days: AUTHORITY_DAYS };
  return { key: printKey(privateKey), cert: issue(parts, privateKey) };
}

/**
 * Makes a key for a server, and a certificate that an authority vouches for.
 *
 * @param authority in PEM, as {@link makeAuthority} made it
 * @throws {SealroomError} SECRET_INVALID if its key is not that of its certificate; USAGE_OPTION if it expires before the certificate does.
 */
export function issueCertificate(
  authority: { readonly key: KeyObject; readonly cert: X509Certificate },
  names: readonly HostName[],
  now: Date,
): CertifiedKey {
  const { cert } = authority;
  if (cert.subject !== `CN=${AUTHORITY}`) {
    throw new SealroomError('USAGE_OPTION', 'this is not an authority that `sealroom room ca init` made');
  }
  if (!cert.checkPrivateKey(authority.key)) {
    throw new SealroomError('SECRET_INVALID', 'the key of the authority is not that of its certificate');
  }
  if (new Date(cert.validTo).getTime() < now.getTime() + SERVER_DAYS * DAY_MS) {
    throw new SealroomError('USAGE_OPTION', 'the authority expires before the certificate would', {
      hint: 'make a new one with `sealroom room ca init`, and give its `ca.pem` to all members',
    });
  }
  const { privateKey, publicKey } = makeKey();
  const extensions = [
    extension('2.5.29.19', CRITICAL, sequence()),
    extension('2.5.29.15', CRITICAL, usage(0x80, 7)),
    extension('2.5.29.37', sequence(identifier('1.3.6.1.5.5.7.3.1'))),
    extension('2.5.29.17', sequence(...names.map((name) => generalName(name)))),
    extension('2.5.29.14', der(DER_TAG.octets, keyIdOf(publicKey))),
    extension('2.5.29.35', sequence(der(0x80, keyIdOf(createPublicKey(authority.key))))),
  ];
  const parts = {
    issuer: nameOf(AUTHORITY),
    subject: nameOf('sealroom room'),
    publicKey,
    extensions,
    now,
    days: SERVER_DAYS,
  };
  return { key: printKey(privateKey), cert: issue(parts, authority.key) };
}

function makeKey(): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function printKey(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'pkcs8' }).toString();
}

/** What a certificate says. */
interface Parts {
  readonly issuer: Der;
  readonly subject: Der;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Der[];
  readonly now: Date;
  readonly days: number;
}

/** A certificate of version 3 in PEM (RFC 5280 §4.1). */
function issue({ issuer, subject, publicKey, extensions, now, days }: Parts, key: KeyObject): string {
  const start = new Date(now.getTime() - BACKDATED_MS);
  const body = sequence(
    der(0xa0, integer(2)),
    // Positive, and of 16 bytes.
    integer(0x40, ...randomBytes(15)),
    ECDSA_SHA256,
    issuer,
    sequence(derTime(start), derTime(new Date(start.getTime() + days * DAY_MS))),
    subject,
    publicKey.export({ format: 'der', type: 'spki' }),
    der(0xa3, sequence(...extensions)),
  );
  const bytes = sequence(body, ECDSA_SHA256, bits(sign('sha256', body, key)));
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

/** A name with nothing but a common name. */
function nameOf(text: string): Der {
  return sequence(der(DER_TAG.set, sequence(identifier('2.5.4.3'), der(DER_TAG.text, Buffer.from(text)))));
}

/** An extension, of its id, whether it is critical, and its value. */
function extension(id: string, ...parts: readonly Der[]): Der {
  const value = parts.at(-1) ?? sequence();
  return sequence(identifier(id), ...parts.slice(0, -1), der(DER_TAG.octets, value));
}

/** What a key is for, as bits from the left of which the last ones are not used. */
function usage(byte: number, unusedBits: number): Der {
  return der(DER_TAG.bits, Uint8Array.of(unusedBits, byte));
}

function keyIdOf(publicKey: KeyObject): Uint8Array {
  return createHash('sha256')
    .update(publicKey.export({ format: 'der', type: 'spki' }))
    .digest()
    .subarray(0, 20);
}

/** @param mask of an address, in constraints */
function generalName(name: HostName, mask: Uint8Array = new Uint8Array()): Der {
  return name.kind === 'dns' ? der(0x82, Buffer.from(name.name)) : der(0x87, name.bytes, mask);
}

/** Names of a kind of which none is given are all excluded: they would be allowed otherwise. */
function constraintsOf(names: readonly HostName[]): Der {
  const permitted = names.map((name) =>
    sequence(generalName(name, name.kind === 'dns' ? undefined : new Uint8Array(name.bytes.length).fill(0xff))),
  );
  const addresses = names.flatMap((name) => (name.kind === 'address' ? [name.bytes.length] : []));
  const excluded = [
    ...(names.some(({ kind }) => kind === 'dns') ? [] : [generalName({ kind: 'dns', name: '' })]),
    // IPv4 and IPv6 are one kind.
    ...(addresses.length > 0 ? [] : [4, 16].map((length) => der(0x87, new Uint8Array(2 * length)))),
  ].map((name) => sequence(name));
  return sequence(der(0xa0, ...permitted), ...(excluded.length === 0 ? [] : [der(0xa1, ...excluded)]));
}
