import type { ProviderContext } from './provider.ts';
import type { KeySource } from './wrapping-key.ts';

/**
 * Makes a source of keys from the part after the scheme in a key's URI. It opens neither key nor service before they are needed.
 *
 * @throws {SealroomError} USAGE_OPTION if the provider cannot parse the rest.
 */
export type OpenKeySource = (rest: string, context: ProviderContext) => KeySource;

/** Finds what in the part after the scheme decides who is reached: see `routeOf`. */
type FindRoute = (rest: string) => readonly string[];

/** The properties that all keys of a scheme have. */
export interface ProviderTraits {
  /** Loads the provider's folder. */
  readonly load: () => Promise<OpenKeySource>;
  /** Loads what finds the route in a URI; `null` if its keys are in a file or a variable of this machine. */
  readonly loadRoute: (() => Promise<FindRoute>) | null;
  /** The form of its URIs, for hints. */
  readonly example: string;
  /** The optional package that it needs, or `null`. */
  readonly package: string | null;
  /** Whether it uses the cryptography of OpenSSL, a token or a service, so that `--fips` allows it. */
  readonly isFips: boolean;
  /** Whether it stores the secrets themselves, so that their envelopes wrap nothing. */
  readonly isPlaintext: boolean;
  /** Whether other programs of the same user can read its keys or secrets: `isInsecure` in descriptions. */
  readonly isReadableByUser: boolean;
  /** Whether a service or token enforces a key's own policy on who may use it. */
  readonly isEnforcing: boolean;
}

/** The providers by the scheme of their keys' URIs. A new provider is a folder beside this file, and a row here. */
export const PROVIDERS: ReadonlyMap<string, ProviderTraits> = new Map<string, ProviderTraits>([
  [
    'keystore',
    {
      load: async () => (await import('./keystore/keystore.ts')).openKeystore,
      loadRoute: null,
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
      loadRoute: null,
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
      loadRoute: async () => (await import('./aws-kms/uri.ts')).kmsRoute,
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
      loadRoute: async () => (await import('./pkcs11/uri.ts')).pkcs11Route,
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
      loadRoute: null,
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
      loadRoute: null,
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

/** Whether the provider of a scheme stores the secrets themselves, so that their envelopes wrap nothing. */
export function isPlaintext(scheme: string): boolean {
  return PROVIDERS.get(scheme)?.isPlaintext === true;
}

/** Whether other programs of the same user can read the keys or secrets of a scheme. */
export function isReadableByUser(scheme: string): boolean {
  return PROVIDERS.get(scheme)?.isReadableByUser === true;
}

/** The schemes whose keys have their own policy, which a service or token enforces. */
export const ENFORCING_SCHEMES: readonly string[] = PROVIDER_SCHEMES.filter(
  (scheme) => PROVIDERS.get(scheme)?.isEnforcing === true,
);
