import { isUtf8 as isUtf8InNode } from 'node:buffer';
import * as crypto from 'node:crypto';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { wipe } from '../bytes/index.ts';
import type { NativeAddon, Platform, SigningKey } from './platform.ts';
import { isWeakPublicKey } from './weak-keys.ts';

/** The bytes before the 32 bytes of an Ed25519 key in DER. RFC 8410 §4 and §7. */
const PUBLIC_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const PRIVATE_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** {@inheritDoc Platform.nodeCrypto} */
export const nodeCrypto: Platform['nodeCrypto'] = crypto;

/** {@inheritDoc Platform.sha256} */
export const sha256: Platform['sha256'] = (...parts) => {
  const hash = crypto.createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
};

/** {@inheritDoc Platform.sha256Hex} */
export const sha256Hex: Platform['sha256Hex'] = (data) => crypto.createHash('sha256').update(data).digest('hex');

/** {@inheritDoc Platform.hmacSha256} */
export const hmacSha256: Platform['hmacSha256'] = (key, ...parts) => {
  const hmac = crypto.createHmac('sha256', key);
  for (const part of parts) hmac.update(part);
  return new Uint8Array(hmac.digest());
};

/** {@inheritDoc Platform.hkdfSha256} */
export const hkdfSha256: Platform['hkdfSha256'] = (keyingMaterial, salt, info, bytes) =>
  new Uint8Array(crypto.hkdfSync('sha256', keyingMaterial, salt, info, bytes));

/** {@inheritDoc Platform.signingKeyFromSeed} */
export const signingKeyFromSeed: Platform['signingKeyFromSeed'] = (seed) => {
  const der = Buffer.concat([PRIVATE_PREFIX, seed]);
  try {
    return crypto.createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } finally {
    wipe(der);
  }
};

/** {@inheritDoc Platform.publicKeyOf} */
export const publicKeyOf: Platform['publicKeyOf'] = (key) => {
  const object = keyObjectOf(key);
  const publicKey = object.type === 'private' ? crypto.createPublicKey(object) : object;
  const der = publicKey.export({ format: 'der', type: 'spki' });
  return new Uint8Array(der.subarray(PUBLIC_PREFIX.length));
};

/** {@inheritDoc Platform.signMessage} */
export const signMessage: Platform['signMessage'] = (key, message) =>
  new Uint8Array(crypto.sign(null, message, keyObjectOf(key)));

/** {@inheritDoc Platform.signatureVerifier} */
export const signatureVerifier: Platform['signatureVerifier'] = (publicKey) => {
  if (isWeakPublicKey(publicKey)) return () => false;
  const key = crypto.createPublicKey({ key: Buffer.concat([PUBLIC_PREFIX, publicKey]), format: 'der', type: 'spki' });
  return (message, signature) => crypto.verify(null, message, key, signature);
};

/** {@inheritDoc Platform.isUtf8} */
export const isUtf8: Platform['isUtf8'] = (bytes) => isUtf8InNode(bytes);

/** Where there is a native kernel. */
const NATIVE_PLATFORMS: readonly string[] = ['linux-x64'];

/** {@inheritDoc Platform.loadNativeAddon} */
export const loadNativeAddon: Platform['loadNativeAddon'] = () => {
  const platform = `${process.platform}-${process.arch}`;
  const packageName = `@sealroom/native-${platform}`;
  const path = addonPaths(platform, packageName).find((each) => existsSync(each));
  if (path === undefined) {
    if (!NATIVE_PLATFORMS.includes(platform)) throw new Error(`there is none for ${platform}`);
    throw new Error(
      `${packageName} is not installed: npm installs it with the optional packages, and in a clone \`npm run build:native\` builds it`,
    );
  }
  try {
    return createRequire(import.meta.url)(path) as NativeAddon;
  } catch (error) {
    const [reason = ''] = (error instanceof Error ? error.message : String(error)).split('\n', 1);
    throw new Error(`${packageName} does not load: ${reason}`, { cause: error });
  }
};

/**
 * Where an addon is loaded from: our own build of it, or the place of our dependencies. The package is optional, so a search by its name
 * would go on, where it is not installed, to folders that others may write to: those above ours, and those that `NODE_PATH` names.
 */
function addonPaths(platform: string, packageName: string): readonly string[] {
  const file = 'native.node';
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    if (dirname(folder) === folder) return [];
    folder = dirname(folder);
  }
  const beside = dirname(folder);
  return [
    join(folder, 'native', 'build', platform, file),
    join(folder, 'node_modules', packageName, file),
    ...(basename(beside) === 'node_modules' ? [join(beside, packageName, file)] : []),
  ];
}

function keyObjectOf(key: SigningKey): crypto.KeyObject {
  if (key instanceof crypto.KeyObject) return key;
  throw new TypeError('the key belongs to another platform');
}
