import { Readable } from 'node:stream';
import type * as Sdk from '@aws-sdk/client-cleanrooms';
import type { CleanRoomsClient } from '@aws-sdk/client-cleanrooms';
import { cleanRoomsError, type CleanRoomsOptions, createCleanRoomsClient, loadCleanRooms } from '../collab/index.ts';
import { isRecord, parseJson } from '../errors/index.ts';
import { Answer, unexpectedAnswer } from './answer.ts';

/** The most bytes of an answer that are read. */
const MAX_ANSWER_BYTES = 32 * 2 ** 20;

/** Sends one command of the SDK. The options carry the caller's signal. */
export type SendCommand = (
  client: CleanRoomsClient,
  sdk: typeof Sdk,
  options: { readonly abortSignal?: AbortSignal },
) => Promise<unknown>;

/** How a call is made. */
export interface CallOptions {
  /** What is asked for or done, as errors name it. */
  readonly subject: string;
  readonly signal?: AbortSignal | undefined;
}

async function collect(body: Readable): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<unknown>) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('the answer is text');
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new RangeError('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * A connection to AWS Clean Rooms that gives answers as they were sent. The SDK drops the keys that its release does not know, such as
 * a threshold in a rule that AWS has added since, and without it a rule would seem to allow more than it does.
 */
export class CleanRoomsConnection implements Disposable {
  readonly #client: CleanRoomsClient;
  readonly #sdk: typeof Sdk;
  /** The body of the last answer. Calls are made one after the other. */
  #body: Uint8Array | null = null;

  private constructor(client: CleanRoomsClient, sdk: typeof Sdk) {
    this.#client = client;
    this.#sdk = sdk;
    client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        const { response } = result;
        if (isRecord(response) && response['body'] instanceof Readable) {
          this.#body = await collect(response['body']);
          Object.assign(response, { body: this.#body });
        }
        return result;
      },
      { name: 'sealroomKeepsAnswer', step: 'deserialize', priority: 'low' },
    );
  }

  /**
   * A connection with the account and region of the options; it connects with the first call.
   *
   * @throws {SealroomError} IO_CLEAN_ROOMS if the SDK's client, an optional package, is not installed.
   */
  static async open(options: CleanRoomsOptions = {}): Promise<CleanRoomsConnection> {
    return new CleanRoomsConnection(await createCleanRoomsClient(options), await loadCleanRooms());
  }

  /**
   * Makes one call and returns its answer, which is an object.
   *
   * @param operation its name in the API
   * @throws {SealroomError} IO_CLEAN_ROOMS if it fails, with the permission that is missing where that is the reason; IO_ABORTED if
   *   the signal fires.
   */
  async call(operation: string, { subject, signal }: CallOptions, send: SendCommand): Promise<Answer> {
    this.#takeBody();
    try {
      await send(this.#client, this.#sdk, signal === undefined ? {} : { abortSignal: signal });
    } catch (error) {
      throw cleanRoomsError(error, { operation, subject }, signal);
    }
    const body = this.#takeBody();
    const value = body === null ? undefined : parseJson(new TextDecoder().decode(body));
    if (value === undefined) throw unexpectedAnswer(operation, 'is not JSON');
    return new Answer(operation, value);
  }

  #takeBody(): Uint8Array | null {
    const body = this.#body;
    this.#body = null;
    return body;
  }

  [Symbol.dispose](): void {
    this.#client.destroy();
  }
}
