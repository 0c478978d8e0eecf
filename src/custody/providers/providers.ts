import { SealroomError } from '../../errors/index.ts';
import { parseKeyUri } from '../key-uri.ts';
import type { KeyProvider, ProviderContext } from './provider.ts';

/**
 * Makes a provider from what follows the scheme in a key's URI. It touches neither key nor service: those are opened when they
 * are first needed.
 *
 * @throws {SealroomError} USAGE_OPTION if the rest is not of the form that this provider takes.
 */
export type OpenProvider = (rest: string, context: ProviderContext) => KeyProvider | Promise<KeyProvider>;

/** The providers by their scheme, each loaded when it is asked for. */
const PROVIDERS: ReadonlyMap<string, () => Promise<OpenProvider>> = new Map([
  ['keystore', async () => (await import('./keystore/keystore.ts')).openKeystore],
  ['age', async () => (await import('./age/age.ts')).openAgeProvider],
  ['aws-kms', async () => (await import('./aws-kms/aws-kms.ts')).openAwsKmsProvider],
  ['pkcs11', async () => (await import('./pkcs11/pkcs11.ts')).openPkcs11Provider],
  ['env', async () => (await import('./insecure/env.ts')).openEnvProvider],
  ['file', async () => (await import('./insecure/file.ts')).openFileProvider],
]);

/** Those whose cryptography is, or is within, age's: ChaCha20-Poly1305, X25519, scrypt, in JavaScript. */
const NOT_FIPS: readonly string[] = ['keystore', 'age'];

/** The schemes of keys, as `--key` takes them. */
export const PROVIDER_SCHEMES: readonly string[] = [...PROVIDERS.keys()];

/** Whether a scheme is one of places where the secrets themselves lie, so that their envelopes wrap nothing. */
export function isPlaintext(scheme: string): boolean {
  return scheme === 'env' || scheme === 'file';
}

/**
 * Whether the keys of a scheme, or the secrets themselves, lie open for other programs of the same user: `isInsecure` of their
 * providers' descriptions, without asking them.
 */
export function isReadableByUser(scheme: string): boolean {
  return isPlaintext(scheme) || scheme === 'age';
}

/**
 * The provider that a key's URI chooses; the caller disposes of it. The key is not looked for yet: `describe` says whether it can
 * be used.
 *
 * @param uriText what `--key` got, or the `key` of an envelope
 * @throws {SealroomError} USAGE_OPTION if it is no URI, no provider has its scheme, or its provider cannot read it. The text is not
 *   in the message.
 */
export async function openProvider(uriText: string, context: ProviderContext): Promise<KeyProvider> {
  const { scheme, rest } = parseKeyUri(uriText);
  const load = PROVIDERS.get(scheme);
  if (context.isFips === true && NOT_FIPS.includes(scheme)) {
    throw new SealroomError('USAGE_OPTION', `\`--fips\` expected another key than one of \`${scheme}:\``, {
      hint: 'age files are made by cryptography that no FIPS provider has; use `aws-kms:` or `pkcs11:`',
    });
  }
  if (load !== undefined) return (await load())(rest, context);
  throw new SealroomError('USAGE_OPTION', 'expected the URI of a key, got one of an unknown scheme', {
    hint: `known are ${PROVIDER_SCHEMES.map((name) => `\`${name}:\``).join(', ')}`,
  });
}
