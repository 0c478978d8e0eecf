import { type ErrorCode, SealroomError } from '../../../errors/index.ts';

interface Explanation {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

const NO_CREDENTIALS: Explanation = {
  code: 'CUSTODY_DENIED',
  message: 'AWS credentials expected for AWS KMS, got none that work',
  hint: 'add `profile` to the URI of the key, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or sign in again',
};

const UNUSABLE: Explanation = {
  code: 'CUSTODY_DENIED',
  message: 'the key in AWS KMS is disabled or about to be deleted',
  hint: 'have it enabled, or its deletion cancelled; after the deletion no envelope of it opens',
};

const BUSY: Explanation = {
  code: 'CUSTODY_UNAVAILABLE',
  message: 'AWS KMS cannot answer now',
  hint: 'wait a moment and try again',
};

const NO_NETWORK: Explanation = {
  code: 'CUSTODY_UNAVAILABLE',
  message: 'AWS KMS could not be reached',
  hint: 'check the network, the proxy, and the region and endpoint in the URI of the key',
};

/** By the names of the errors of AWS KMS and its SDK. */
const EXPLANATIONS: ReadonlyMap<string, Explanation> = new Map([
  [
    'AccessDeniedException',
    {
      code: 'CUSTODY_DENIED',
      message: 'AWS KMS denies the use of the key',
      hint: "see the key's policy: wrapping needs kms:GenerateDataKey, opening kms:Decrypt, looking kms:DescribeKey",
    },
  ],
  ['DisabledException', UNUSABLE],
  ['KMSInvalidStateException', UNUSABLE],
  [
    'NotFoundException',
    {
      code: 'CUSTODY_KEY',
      message: 'AWS KMS does not know the key',
      hint: 'check the key, the account and the region',
    },
  ],
  [
    'InvalidKeyUsageException',
    {
      code: 'CUSTODY_KEY',
      message: 'the key in AWS KMS expected to be a symmetric one for encryption',
      hint: 'make one with `aws kms create-key`',
    },
  ],
  [
    'InvalidCiphertextException',
    {
      code: 'CUSTODY_ENVELOPE',
      message: 'AWS KMS does not open the envelope: it was changed, or is of another collaboration',
      hint: 'put back the copy from before, or have the secret sent again',
    },
  ],
  ['KeyUnavailableException', BUSY],
  ['DependencyTimeoutException', BUSY],
  ['KMSInternalException', BUSY],
  ['ThrottlingException', BUSY],
  ['LimitExceededException', BUSY],
  ['CredentialsProviderError', NO_CREDENTIALS],
  ['TokenProviderError', NO_CREDENTIALS],
  ['UnrecognizedClientException', NO_CREDENTIALS],
  ['InvalidSignatureException', NO_CREDENTIALS],
  ['IncompleteSignatureException', NO_CREDENTIALS],
  ['ExpiredTokenException', NO_CREDENTIALS],
  ['TimeoutError', NO_NETWORK],
]);

const NETWORK_CODE = /^(E[A-Z]+|ERR_TLS_\w+|CERT_\w+|\w+_CERT_\w+|DEPTH_ZERO_SELF_SIGNED_CERT)$/;

/**
 * A failure of a request to AWS KMS in words: with the name of the service's error and nothing else of it, since the answer of a
 * request for a key can hang on an error.
 */
export function kmsError(error: unknown): SealroomError {
  const { code, message, hint } = explain(error);
  const name = error instanceof Error ? error.name : '';
  const isTelling = /^[A-Za-z]{1,64}(Exception|Error)$/.test(name) && name !== 'Error';
  return new SealroomError(code, isTelling ? `${message} (${name})` : message, { hint });
}

/** The error of an answer that is none of AWS KMS. */
export function strangeAnswer(): SealroomError {
  return new SealroomError('CUSTODY_UNAVAILABLE', 'AWS KMS expected to answer with a key, got another answer', {
    hint: 'check the endpoint in the URI of the key',
  });
}

function explain(error: unknown): Explanation {
  if (!(error instanceof Error)) return NO_NETWORK;
  const known = EXPLANATIONS.get(error.name);
  if (known !== undefined) return known;
  if (error.message.startsWith('Region ')) {
    return {
      code: 'USAGE_OPTION',
      message: 'an AWS region expected for AWS KMS, got none that works',
      hint: 'add `region` to the URI of the key, give the ARN of the key, or set AWS_REGION',
    };
  }
  if ('code' in error && typeof error.code === 'string' && NETWORK_CODE.test(error.code)) {
    return { ...NO_NETWORK, message: `${NO_NETWORK.message}: ${error.code}` };
  }
  const status = httpStatus(error);
  if (status === 401 || status === 403) {
    return {
      code: 'CUSTODY_DENIED',
      message: `AWS KMS refuses with the HTTP status ${String(status)}`,
      hint: NO_CREDENTIALS.hint,
    };
  }
  if (status !== null) {
    return {
      ...BUSY,
      message: `AWS KMS expected to answer, got an unknown answer with the HTTP status ${String(status)}`,
    };
  }
  return NO_NETWORK;
}

function httpStatus(error: Error): number | null {
  const metadata: unknown = '$metadata' in error ? error.$metadata : undefined;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return null;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : null;
}
