import type { ProviderContext } from './provider.ts';
import type { KeySource } from './wrapping-key.ts';

/**
 * Makes a source of keys from what follows the scheme in a key's URI. It touches neither key nor service: those are opened when they
 * are first needed.
 *
 * @throws {SealroomError} USAGE_OPTION if the rest is not of the form that this provider takes.
 */
export type OpenKeySource = (rest: string, context: ProviderContext) => KeySource;

/** What is known of the keys of a scheme without asking any of them. */
export interface ProviderTraits {
  /** Loads the provider's folder. */
  readonly load: () => Promise<OpenKeySource>;
  /** The form of its URIs, as hints show it. */
  readonly example: string;
  /** The optional package that it needs, or `null`. */
  readonly package: string | null;
  /** Whether its cryptography is OpenSSL's, or that of a token or service: `--fips` allows it. */
  readonly isFips: boolean;
  /** Whether the secrets themselves are there, so that their envelopes wrap nothing. */
  readonly isPlaintext: boolean;
  /** Whether other programs of the same user can read its keys, or the secrets themselves: `isInsecure` in descriptions. */
  readonly isReadableByUser: boolean;
  /** Whether a key has rules of its own on who may use it, which a service or token enforces. */
  readonly isEnforcing: boolean;
}

/** The providers by the scheme of their keys' URIs. Another one is a folder beside this file, and a row here. */
export const PROVIDERS: ReadonlyMap<string, ProviderTraits> = new Map<string, ProviderTraits>([
  [
    'keystore',
    {
      load: async () => (await import('./keystore/keystore.ts')).openKeystore,
      example: 'keystore:<file>',
      package: null,
      // The file is one of age: ChaCha20-Poly1305 and scrypt, in JavaScript.
      isFips: false,
      isPlaintext: false,
      isReadableByUser: false,
      isEnforcing: false,
    },
  ],
  [
    'age',
    {
      load: async () => (await import('./age/age.ts')).openAgeIdentity,
      example: 'age:<identity file>',
      package: null,
      // ChaCha20-Poly1305 and X25519, in JavaScript.
      isFips: false,
      isPlaintext: false,
      isReadableByUser: true,
      isEnforcing: false,
    },
  ],
  [
    'aws-kms',
    {
      load: async () => (await import('./aws-kms/aws-kms.ts')).openAwsKms,
      example: 'aws-kms:<key>',
      package: '@aws-sdk/client-kms',
      isFips: true,
      isPlaintext: false,
      isReadableByUser: false,
      isEnforcing: true,
    },
  ],
  [
    'pkcs11',
    {
      load: async () => (await import('./pkcs11/pkcs11.ts')).openPkcs11,
      example: 'pkcs11:token=<label>;object=<key>?module-path=<module>',
      package: 'pkcs11js',
      isFips: true,
      isPlaintext: false,
      isReadableByUser: false,
      isEnforcing: true,
    },
  ],
  [
    'env',
    {
      load: async () => (await import('./insecure/env.ts')).openEnv,
      example: 'env:<variable>',
      package: null,
      isFips: true,
      isPlaintext: true,
      isReadableByUser: true,
      isEnforcing: false,
    },
  ],
  [
    'file',
    {
      load: async () => (await import('./insecure/file.ts')).openSecretFile,
      example: 'file:<file>',
      package: null,
      isFips: true,
      isPlaintext: true,
      isReadableByUser: true,
      isEnforcing: false,
    },
  ],
]);

/** The schemes of keys, as `--key` takes them. */
export const PROVIDER_SCHEMES: readonly string[] = [...PROVIDERS.keys()];

/** Whether the secrets of a scheme are in the place itself, so that their envelopes wrap nothing. */
export function isPlaintext(scheme: string): boolean {
  return PROVIDERS.get(scheme)?.isPlaintext === true;
}

/** Whether other programs of the same user can read the keys of a scheme, or the secrets themselves. */
export function isReadableByUser(scheme: string): boolean {
  return PROVIDERS.get(scheme)?.isReadableByUser === true;
}

/** The schemes whose keys have rules of their own on who may use them, which a service or token enforces. */
export const ENFORCING_SCHEMES: readonly string[] = PROVIDER_SCHEMES.filter(
  (scheme) => PROVIDERS.get(scheme)?.isEnforcing === true,
);
