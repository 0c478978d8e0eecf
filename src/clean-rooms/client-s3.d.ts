/** The part of the package that is used, an optional one: listing and reading objects. */
declare module '@aws-sdk/client-s3' {
  /** The input of {@link ListObjectsV2Command}. */
  export interface ListInput {
    readonly Bucket: string;
    readonly Prefix: string;
    readonly ContinuationToken?: string | undefined;
  }

  /** The input of {@link GetObjectCommand}. */
  export interface GetInput {
    readonly Bucket: string;
    readonly Key: string;
  }

  /** Lists the objects whose keys begin with a prefix. */
  export class ListObjectsV2Command {
    constructor(input: ListInput);
    readonly input: ListInput;
  }

  /** Reads an object. */
  export class GetObjectCommand {
    constructor(input: GetInput);
    readonly input: GetInput;
  }

  /** A client of S3; it connects with the first command. */
  export class S3Client {
    constructor(options: {
      readonly profile?: string;
      readonly region?: string;
      readonly endpoint?: string;
      readonly forcePathStyle?: boolean;
      readonly customUserAgent?: string;
    });
    send(
      command: ListObjectsV2Command | GetObjectCommand,
      options?: { readonly abortSignal?: AbortSignal },
    ): Promise<unknown>;
    destroy(): void;
  }
}
