import { awsFailureOf, explainAwsFailure } from '../../../aws/index.ts';
import { type ErrorCode, SealroomError } from '../../../errors/index.ts';

interface Explanation {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

const NO_CREDENTIALS: Explanation = {
  code: 'CUSTODY_DENIED',
  message: 'no usable AWS credentials for AWS KMS',
  hint: 'add `profile` to the URI of the key, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or sign in again',
};

const NO_REGION: Explanation = {
  code: 'USAGE_OPTION',
  message: 'no AWS region for AWS KMS',
  hint: 'add `region` to the URI of the key, give the ARN of the key, or set AWS_REGION',
};

const UNUSABLE: Explanation = {
  code: 'CUSTODY_DENIED',
  message: 'the key in AWS KMS is disabled or about to be deleted',
  hint: 'enable the key, or cancel its deletion; once it is deleted, none of its envelopes can be unwrapped',
};

const BUSY: Explanation = {
  code: 'CUSTODY_UNAVAILABLE',
  message: 'AWS KMS is not available now',
  hint: 'wait a moment and try again',
};

const NO_NETWORK: Explanation = {
  code: 'CUSTODY_UNAVAILABLE',
  message: 'AWS KMS could not be reached',
  hint: 'check the network, the proxy, and the region and endpoint in the URI of the key',
};

/** By the names of the errors of AWS KMS. */
const EXPLANATIONS: ReadonlyMap<string, Explanation> = new Map([
  [
    'AccessDeniedException',
    {
      code: 'CUSTODY_DENIED',
      message: 'AWS KMS denies the use of the key',
      hint: "see the key's policy: wrapping needs kms:GenerateDataKey, unwrapping kms:Decrypt, `key doctor` kms:DescribeKey",
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
      message: 'the key in AWS KMS is not a symmetric encryption key',
      hint: 'create one with `aws kms create-key`',
    },
  ],
  [
    'InvalidCiphertextException',
    {
      code: 'CUSTODY_ENVELOPE',
      message: 'AWS KMS cannot decrypt the envelope: it was changed, or belongs to another collaboration',
      hint: 'restore a copy of the original, or have the secret sent again',
    },
  ],
  ['KeyUnavailableException', BUSY],
  ['DependencyTimeoutException', BUSY],
  ['KMSInternalException', BUSY],
  ['ThrottlingException', BUSY],
  ['LimitExceededException', BUSY],
]);

/**
 * Converts a failed request to AWS KMS. The message has the name of the service's error and nothing else of it, because an error may
 * carry the answer to a request for a key.
 */
export function kmsError(error: unknown): SealroomError {
  const { code, message, hint } = explain(error);
  const name = error instanceof Error ? error.name : '';
  const isTelling = /^[A-Za-z]{1,64}(Exception|Error)$/.test(name) && name !== 'Error';
  return new SealroomError(code, isTelling ? `${message} (${name})` : message, { hint });
}

/** The error for an answer that AWS KMS never gives. */
export function strangeAnswer(): SealroomError {
  return new SealroomError('CUSTODY_UNAVAILABLE', 'the answer of AWS KMS contains no key', {
    hint: 'check the endpoint in the URI of the key',
  });
}

function explain(error: unknown): Explanation {
  if (!(error instanceof Error)) return NO_NETWORK;
  const known = EXPLANATIONS.get(error.name);
  if (known !== undefined) return known;
  const shared = { credentials: NO_CREDENTIALS, region: NO_REGION, network: NO_NETWORK };
  return explainAwsFailure(awsFailureOf(error), shared, explainStatus);
}

function explainStatus(status: number | null): Explanation {
  if (status === null) return NO_NETWORK;
  const message = `AWS KMS answered with the HTTP status ${String(status)}`;
  if (status === 401 || status === 403) return { ...NO_CREDENTIALS, message };
  return { ...BUSY, message };
}
