import { isReadableByUser, shortSecretId, type StoredEnvelope } from '../../src/custody/index.ts';
import type { CommonArguments } from '../options/key-options.ts';
import { type CliIo, tell } from '../terminal.ts';

/** The JSON form of an envelope, which contains nothing secret. */
export function describeStored({ envelope, file }: StoredEnvelope): object {
  const { collaborationId, generation, provider, key, created, isRoleBound } = envelope;
  const secretId = shortSecretId(envelope.secretId);
  const isInsecure = isReadableByUser(provider);
  return { collaborationId, generation, secretId, provider, key, created, isRoleBound, isInsecure, file };
}

/** `generation 1 of 5ea1ed00-…, secret 0123…, under age:/home/a/key` */
export function describeEnvelope({ envelope }: StoredEnvelope): string {
  const { collaborationId, generation, secretId, key } = envelope;
  return `generation ${String(generation)} of ${collaborationId}, secret ${shortSecretId(secretId)}, under ${key}`;
}

/** Prints an answer: a JSON object on standard output, or a line on standard error. */
export function writeAnswer(io: CliIo, { json }: CommonArguments, answer: object, line: string): void {
  if (json) io.stdout.write(`${JSON.stringify(answer)}\n`);
  else tell(io, line);
}
