import { type ErrorCode, SealroomError, systemReason } from '../errors/index.ts';

/**
 * Loads a client of the AWS SDK, an optional package.
 *
 * @param name of the package
 * @param code of the error
 * @param load imports the package; it contains the name again, because bundlers and the layer rules read imports
 * @throws {SealroomError} with `code` if the package is not installed or does not load.
 */
export async function loadAwsSdk<T>(name: string, code: ErrorCode, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
    const message = isMissing ? 'is not installed' : `does not load: ${systemReason(error)}`;
    throw new SealroomError(code, `the package \`${name}\` ${message}`, {
      hint: `run \`npm install ${name}\` where sealroom is installed`,
      cause: error,
    });
  }
}

/** Why a request failed, if the reason is not specific to the service. */
export type AwsFailure =
  /** There are no credentials, or AWS does not accept them. */
  | { readonly kind: 'credentials' }
  /** No region is known. */
  | { readonly kind: 'region' }
  /** There was no answer; with the code of the network's error, such as `ECONNREFUSED`, if it has one. */
  | { readonly kind: 'network'; readonly code: string | null }
  /** Anything else; with the HTTP status if there was an answer. */
  | { readonly kind: 'other'; readonly status: number | null };

/** By the names of the SDK's errors. */
const CREDENTIALS: readonly string[] = [
  'CredentialsProviderError',
  'TokenProviderError',
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'IncompleteSignatureException',
  'ExpiredTokenException',
];

const NETWORK_CODE = /^(E[A-Z]+|ERR_TLS_\w+|CERT_\w+|\w+_CERT_\w+|DEPTH_ZERO_SELF_SIGNED_CERT)$/;

/** Classifies a failed request by what all AWS services have in common. */
export function awsFailureOf(error: Error): AwsFailure {
  if (CREDENTIALS.includes(error.name)) return { kind: 'credentials' };
  if (error.name === 'TimeoutError') return { kind: 'network', code: null };
  // The SDK has no name for this error.
  if (error.message.startsWith('Region ')) return { kind: 'region' };
  if ('code' in error && typeof error.code === 'string' && NETWORK_CODE.test(error.code)) {
    return { kind: 'network', code: error.code };
  }
  return { kind: 'other', status: httpStatusOf(error) };
}

/** What a service says of the failures that all services share. */
export interface SharedExplanations<Explanation> {
  readonly credentials: Explanation;
  readonly region: Explanation;
  readonly network: Explanation;
}

/**
 * The explanation of a failed request: the service's text for a failure that all services share, with the network's code where it
 * has one; else what `explainStatus` makes of the HTTP status, which is `null` if there was no answer.
 */
export function explainAwsFailure<Explanation extends { readonly message: string }>(
  failure: AwsFailure,
  { credentials, region, network }: SharedExplanations<Explanation>,
  explainStatus: (status: number | null) => Explanation,
): Explanation {
  switch (failure.kind) {
    case 'credentials':
      return credentials;
    case 'region':
      return region;
    case 'network':
      return failure.code === null ? network : { ...network, message: `${network.message}: ${failure.code}` };
    case 'other':
      return explainStatus(failure.status);
  }
}

function httpStatusOf(error: Error): number | null {
  const metadata: unknown = '$metadata' in error ? error.$metadata : undefined;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return null;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : null;
}
