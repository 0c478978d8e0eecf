import type * as CleanRooms from '@aws-sdk/client-cleanrooms';
import type { CleanRoomsClient, GetCollaborationCommand } from '@aws-sdk/client-cleanrooms';
import { awsFailureOf, explainAwsFailure, loadAwsSdk } from '../aws/index.ts';
import { escapeUnprintable, isRecord, quoteForMessage, SealroomError } from '../errors/index.ts';
import type { CollaborationSettings } from './settings.ts';
import { readSettings } from './settings.ts';

/** The part of an AWS Clean Rooms client that is used; {@link createCleanRoomsClient} makes one. */
export interface CollaborationSource {
  send(command: GetCollaborationCommand, options?: { readonly abortSignal?: AbortSignal }): Promise<unknown>;
}

/** Which account and region to use; by default, those of the AWS SDK's usual files and environment variables. */
export interface CleanRoomsOptions {
  /** A named profile of the AWS configuration files. */
  readonly profile?: string | undefined;
  readonly region?: string | undefined;
  /** An address other than AWS's own, for private endpoints and tests. */
  readonly endpoint?: string | undefined;
}

/** The message and hint for a kind of failure. */
interface Explanation {
  readonly message: string;
  readonly hint?: string;
}

/** A call of the API, as errors name it. */
export interface CleanRoomsCall {
  /** The name of the operation, which is also that of the permission that it needs. */
  readonly operation: string;
  /** What is asked for or done, as in `denied access to …`. */
  readonly subject: string;
}

const GET_COLLABORATION: CleanRoomsCall = { operation: 'GetCollaboration', subject: 'the collaboration' };

const NO_CREDENTIALS: Explanation = {
  message: 'no usable AWS credentials for AWS Clean Rooms',
  hint: 'give `--profile`, set `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, or sign in again',
};

const NO_REGION: Explanation = {
  message: 'no usable AWS region for AWS Clean Rooms',
  hint: 'give `--region` or set `AWS_REGION`',
};

const NO_NETWORK: Explanation = {
  message: 'AWS Clean Rooms could not be reached',
  hint: 'check the network, the proxy and the region; the settings can also be given without asking AWS',
};

/** By the name of the service's error. */
const EXPLANATIONS: ReadonlyMap<string, (call: CleanRoomsCall) => Explanation> = new Map([
  [
    'AccessDeniedException',
    ({ operation, subject }: CleanRoomsCall) => ({
      message: `AWS Clean Rooms denied access to ${subject}`,
      hint: `the caller needs the permission \`cleanrooms:${operation}\` and a membership in the collaboration`,
    }),
  ],
  [
    'ResourceNotFoundException',
    ({ subject }: CleanRoomsCall) => ({
      message: `AWS Clean Rooms does not know ${subject}`,
      hint: 'check the id, the account and the region',
    }),
  ],
  [
    'ThrottlingException',
    () => ({ message: 'AWS Clean Rooms is throttling requests', hint: 'wait a moment and try again' }),
  ],
  [
    'ServiceQuotaExceededException',
    ({ subject }: CleanRoomsCall) => ({
      message: `AWS Clean Rooms refused ${subject}: a quota of the account is used up`,
      hint: 'wait until other queries have ended, or ask AWS for a higher quota',
    }),
  ],
]);

/** An access key id, which AWS repeats in some messages. */
const ACCESS_KEY = /\b(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,}\b/g;

/** The first line of a text of AWS, without access keys and what a terminal would not show. */
export function quoteAws(text: string): string {
  return escapeUnprintable((text.split('\n', 1)[0] ?? '').replace(ACCESS_KEY, '…').slice(0, 500));
}

function explain(error: Error, call: CleanRoomsCall): Explanation {
  const known = EXPLANATIONS.get(error.name);
  if (known !== undefined) return known(call);
  if (error.name === 'ValidationException') return explainInvalid(error, call);
  const shared = { credentials: NO_CREDENTIALS, region: NO_REGION, network: NO_NETWORK };
  return explainAwsFailure(awsFailureOf(error), shared, (status) => explainAnswer(error, status));
}

function explainInvalid(error: Error, { operation }: CleanRoomsCall): Explanation {
  const message = 'AWS Clean Rooms rejected the request as invalid';
  if (operation === GET_COLLABORATION.operation) return { message, hint: 'check the collaboration id' };
  return { message: `${message}: ${quoteAws(error.message)}`, hint: 'check the ids and the options' };
}

function explainAnswer(error: Error, status: number | null): Explanation {
  if (error.name === 'SyntaxError' && status !== null) {
    return {
      message: `AWS Clean Rooms did not answer in JSON; the HTTP status was ${String(status)}`,
    };
  }
  return {
    message: `AWS Clean Rooms failed with ${quoteForMessage(error.name)}: ${quoteAws(error.message)}`,
  };
}

/** The error for a failed call, which names the permission that is missing, and no credentials. */
export function cleanRoomsError(error: unknown, call: CleanRoomsCall, signal?: AbortSignal): SealroomError {
  if (signal?.aborted === true) {
    return new SealroomError('IO_ABORTED', 'asking AWS Clean Rooms was stopped', { cause: error });
  }
  const { message, hint } = explain(error instanceof Error ? error : new Error(String(error)), call);
  return new SealroomError('IO_CLEAN_ROOMS', message, { hint, cause: error });
}

function readResponse(response: unknown): CollaborationSettings {
  const collaboration = isRecord(response) ? response['collaboration'] : undefined;
  const metadata = isRecord(collaboration) ? (collaboration['dataEncryptionMetadata'] ?? undefined) : undefined;
  if (metadata === undefined) {
    throw new SealroomError('IO_CLEAN_ROOMS', 'the collaboration has no encryption settings', {
      hint: 'it was created without support for cryptographic computing, and that cannot be added later',
    });
  }
  try {
    return readSettings(metadata);
  } catch (error) {
    if (!(error instanceof SealroomError)) throw error;
    throw new SealroomError('IO_CLEAN_ROOMS', `AWS Clean Rooms: ${error.message}`, { hint: error.hint, cause: error });
  }
}

/**
 * Loads the SDK's client of AWS Clean Rooms.
 *
 * @throws {SealroomError} IO_CLEAN_ROOMS if the package, an optional one, is not installed.
 */
export const loadCleanRooms = (): Promise<typeof CleanRooms> =>
  loadAwsSdk('@aws-sdk/client-cleanrooms', 'IO_CLEAN_ROOMS', () => import('@aws-sdk/client-cleanrooms'));

/**
 * A client of AWS Clean Rooms. Loads the AWS SDK; does not connect yet.
 *
 * @throws {SealroomError} IO_CLEAN_ROOMS if the SDK's client, an optional package, is not installed.
 */
export async function createCleanRoomsClient(options: CleanRoomsOptions = {}): Promise<CleanRoomsClient> {
  const { CleanRoomsClient: Client } = await loadCleanRooms();
  const { profile, region, endpoint } = options;
  return new Client({
    customUserAgent: 'sealroom',
    ...(profile === undefined ? {} : { profile }),
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
  });
}

/**
 * Asks AWS Clean Rooms for the settings of a collaboration, with one call of GetCollaboration, which the SDK may retry.
 * `collaborationId` is a UUID in lower case.
 *
 * @throws {SealroomError} IO_CLEAN_ROOMS if the collaboration is not found, access is denied, requests are throttled or
 *   rejected as invalid, there is no region or there are no usable credentials, AWS cannot be reached or its answer is not
 *   understood, or the collaboration has no encryption settings. The message says which.
 * @throws {SealroomError} IO_ABORTED if the signal fires.
 */
export async function fetchCollaborationSettings(
  client: CollaborationSource,
  collaborationId: string,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<CollaborationSettings> {
  const { signal } = options;
  const { GetCollaborationCommand: Command } = await loadCleanRooms();
  let response: unknown;
  try {
    const command = new Command({ collaborationIdentifier: collaborationId });
    response = await client.send(command, signal === undefined ? {} : { abortSignal: signal });
  } catch (error) {
    throw cleanRoomsError(error, GET_COLLABORATION, signal);
  }
  return readResponse(response);
}
