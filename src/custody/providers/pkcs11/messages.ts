import type { Pkcs11Uri, TokenFacts } from './uri.ts';

/** What identifies a wrapping key in its token. */
export type KeyName = Pick<Pkcs11Uri, 'object' | 'id'>;

/** A request to the process with the module, which answers one before it takes the next. */
export type TokenRequest =
  /** Loads the module and finds the token: the first request. */
  | { readonly kind: 'open'; readonly modulePath: string; readonly token: TokenFacts }
  | { readonly kind: 'login'; readonly pin: string }
  /** Finds the key; creates it if it does not exist and `isMade`. */
  | { readonly kind: 'find'; readonly key: KeyName; readonly isMade: boolean }
  /** Encrypts bytes with the key of an id: `nonce (12) ‖ ciphertext ‖ tag (16)`, or decrypts such bytes. */
  | {
      readonly kind: 'encrypt' | 'decrypt';
      readonly id: string;
      readonly aad: Uint8Array;
      readonly data: Uint8Array;
    };

/** A token that was found. */
export interface FoundToken {
  readonly facts: Readonly<Record<keyof TokenFacts, string>>;
  readonly needsPin: boolean;
  /** The state of the PIN; `pad` if the token has its own PIN pad. */
  readonly pin: 'fine' | 'low' | 'final try' | 'locked' | 'pad';
}

/** A wrapping key that was found or created. */
export interface FoundKey {
  /** Its id, in hexadecimal digits. */
  readonly id: string;
  readonly label: string;
}

/** A failed step, with only the name of the module's code. */
export interface TokenFailure {
  readonly kind:
    | 'no package'
    | 'module'
    | 'no token'
    | 'several tokens'
    | 'no key'
    | 'several keys'
    | 'unsafe key'
    | 'key without id'
    | 'login'
    | 'make key'
    | 'encrypt'
    | 'decrypt'
    | 'other';
  /** Such as `CKR_PIN_INCORRECT`, or `null`. */
  readonly reason: string | null;
}

/** An answer of the process. */
export type TokenReply =
  | { readonly kind: 'token'; readonly token: FoundToken }
  | { readonly kind: 'key'; readonly key: FoundKey }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly failure: TokenFailure };
