import { type ErrorCode, SealroomError } from '../../../errors/index.ts';
import { changedEnvelope } from '../../envelope.ts';
import type { TokenFailure } from './messages.ts';

/** A failure of the token itself. */
const TOKEN_FAILED = ['CUSTODY_UNAVAILABLE', 'the token failed', 'try again; see the log of the module'] as const;

/** The codes of a module that name the reason, whatever the step. */
const BY_REASON: ReadonlyMap<string, readonly [ErrorCode, string, string]> = new Map<
  string,
  readonly [ErrorCode, string, string]
>([
  [
    'CKR_PIN_INCORRECT',
    [
      'SECRET_INVALID',
      'the token does not accept the PIN',
      'tokens lock after a few wrong PINs: check it before trying again',
    ],
  ],
  ['CKR_PIN_LEN_RANGE', ['SECRET_INVALID', 'the token does not accept a PIN of this length', 'check the PIN']],
  ['CKR_PIN_INVALID', ['SECRET_INVALID', 'the token does not accept the characters of the PIN', 'check the PIN']],
  [
    'CKR_PIN_EXPIRED',
    ['CUSTODY_DENIED', 'the PIN of the token has expired', "set a new one with the tools of the token's maker"],
  ],
  ['CKR_PIN_LOCKED', ['CUSTODY_DENIED', 'the token is locked', 'its security officer can set a new PIN']],
  [
    'CKR_USER_PIN_NOT_INITIALIZED',
    ['CUSTODY_DENIED', 'the token has no PIN for users yet', "set one with the tools of the token's maker"],
  ],
  [
    'CKR_KEY_FUNCTION_NOT_PERMITTED',
    [
      'CUSTODY_DENIED',
      'the token denies this use of the key',
      'the key must be allowed both to encrypt and to decrypt',
    ],
  ],
  ['CKR_DEVICE_ERROR', TOKEN_FAILED],
  ['CKR_SESSION_CLOSED', TOKEN_FAILED],
  ['CKR_SESSION_HANDLE_INVALID', TOKEN_FAILED],
  ['CKR_TOKEN_NOT_PRESENT', TOKEN_FAILED],
  ['CKR_USER_NOT_LOGGED_IN', TOKEN_FAILED],
  ['CKR_DEVICE_REMOVED', ['CUSTODY_UNAVAILABLE', 'the token was removed', 'insert it and try again']],
  [
    'CKR_TOKEN_WRITE_PROTECTED',
    ['CUSTODY_DENIED', 'the token does not accept new keys', "create the key with the tools of the token's maker"],
  ],
]);

/** Converts a failure of a token. The message has the step and the name of the module's code. */
export function tokenError({ kind, reason }: TokenFailure): SealroomError {
  const suffix = reason === null ? '' : ` (${reason})`;
  const known = reason === null ? undefined : BY_REASON.get(reason);
  if (known !== undefined) return new SealroomError(known[0], `${known[1]}${suffix}`, { hint: known[2] });
  const error = (code: ErrorCode, message: string, hint: string): SealroomError =>
    new SealroomError(code, `${message}${suffix}`, { hint });
  switch (kind) {
    case 'no package':
      return error(
        'CUSTODY_UNAVAILABLE',
        'the package for PKCS#11 is not installed, or does not run here',
        'run `npm install pkcs11js` where sealroom is installed; it is compiled, with a C++ compiler, make and Python',
      );
    case 'module':
      return error(
        'CUSTODY_UNAVAILABLE',
        'the PKCS#11 module does not work',
        'check `module-path` in the URI of the key, and what the module itself needs, such as a configuration file',
      );
    case 'no token':
      return error(
        'CUSTODY_UNAVAILABLE',
        'the token is not present',
        '`pkcs11-tool --module <path> -L` lists the tokens',
      );
    case 'several tokens':
      return error('CUSTODY_KEY', 'several tokens match the URI of the key', 'add `serial` to the URI of the key');
    case 'no key':
      return error(
        'CUSTODY_KEY',
        'the token has no such wrapping key',
        'check `object` and `id`; `sealroom key create` makes a key that has an `object`',
      );
    case 'several keys':
      return error(
        'CUSTODY_KEY',
        'several wrapping keys in the token match the URI of the key',
        'add `id` to the URI of the key',
      );
    case 'unsafe key':
      return error(
        'CUSTODY_KEY',
        'the key is not an AES-256 key that was made in the token and can never leave it',
        'give another `object` in the URI: `sealroom key create` makes a suitable key of that name',
      );
    case 'key without id':
      return error('CUSTODY_KEY', 'the wrapping key has no id', 'set its CKA_ID');
    case 'login':
      return error('CUSTODY_DENIED', 'the token denies the login', "see the token's state with the tools of its maker");
    case 'make key':
      return error(
        'CUSTODY_DENIED',
        'the token refuses to create the wrapping key',
        "create an AES-256 key with the tools of the token's maker",
      );
    case 'encrypt':
      return error('CUSTODY_DENIED', 'the token cannot encrypt with the key', 'it needs AES-GCM (CKM_AES_GCM)');
    case 'decrypt':
      // There is no code for this: SoftHSM returns CKR_GENERAL_ERROR.
      return changedEnvelope();
    case 'other':
      return error('CUSTODY_UNAVAILABLE', 'the token failed', 'try again; see the log of the module');
  }
}
