import { dirname, resolve } from 'node:path';
import { type Document, parseDocument } from 'yaml';
import * as z from 'zod';
import { quoteForMessage, SealroomError } from '../errors/index.ts';
import { parseOrigin } from '../wire/index.ts';
import type { TlsOptions } from './certificate-files.ts';
import type { ListenPlace } from './listen.ts';

const count = z.int().min(1);
const mayBeCount = count.exactOptional();

/** What a configuration may say. Secrets are in files of their own, which it names. */
const configuration = z
  .strictObject({
    /** The address by which members know the room. */
    origin: z.string().optional(),
    /** Address and port. */
    listen: z.string().optional(),
    tls: z
      .union([
        z.literal('off'),
        z.strictObject({ key: z.string(), cert: z.string(), pqOnly: z.boolean().optional() }).readonly(),
      ])
      .optional(),
    /** Address and port, or the path of a socket. */
    ops: z.string().optional(),
    standby: z.boolean().optional(),
    /** Queries at a time. */
    processes: count.max(256).exactOptional(),
    /** Of each query. */
    memoryMiB: mayBeCount,
    timeoutMs: mayBeCount,
    limits: z
      .strictObject({
        queuePerMember: mayBeCount,
        queueTotal: mayBeCount,
        resultBytes: mayBeCount,
        partBytes: mayBeCount,
        uploadBytes: mayBeCount,
        connections: mayBeCount,
        connectionsPerAddress: mayBeCount,
      })
      .readonly()
      .exactOptional(),
    keep: z.strictObject({ resultDays: mayBeCount, jobDays: mayBeCount }).readonly().exactOptional(),
  })
  .readonly();

/** A configuration as it is written, or as options say it. */
export type Configuration = z.infer<typeof configuration>;

/** A configuration that is complete. */
export interface ServeConfig {
  readonly origin: string;
  readonly listen: ListenPlace;
  readonly tls: TlsOptions | null;
  readonly ops: ListenPlace | null;
  readonly isStandby: boolean;
  /** How queries run. */
  readonly queries: Pick<Configuration, 'memoryMiB' | 'timeoutMs'> & { readonly processes: number };
  readonly limits: NonNullable<Configuration['limits']>;
  readonly keep: NonNullable<Configuration['keep']>;
}

/**
 * Parses a configuration in YAML. Paths in it are relative to its folder.
 *
 * @param file absolute path, for errors and relative paths
 * @throws {SealroomError} USAGE_OPTION if it is malformed, or has something that no configuration has.
 */
export function parseConfiguration(text: string, file: string): Configuration {
  const document = parseDocument(text, { strict: true, uniqueKeys: true });
  const [problem] = document.errors;
  if (problem !== undefined) {
    const { line, col: character } = problem.linePos?.[0] ?? { line: 1, col: 1 };
    throw malformed('it is not YAML', { file, line, character });
  }
  const parsed = configuration.safeParse(toValue(document, file) ?? {});
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const path = [...(issue?.path ?? []), ...(issue?.code === 'unrecognized_keys' ? issue.keys : [])].join('.');
    const what = issue?.code === 'unrecognized_keys' ? 'has no such entry' : 'has another form there';
    throw malformed(`a configuration ${what}: ${quoteForMessage(path)}`, { file, path });
  }
  const { data } = parsed;
  const inFolder = (path: string): string => resolve(dirname(file), path);
  const { tls, ops } = data;
  return {
    ...data,
    ...(ops === undefined ? {} : { ops: isSocketPath(ops) ? inFolder(ops) : ops }),
    ...(tls === undefined || tls === 'off'
      ? {}
      : { tls: { ...tls, key: inFolder(tls.key), cert: inFolder(tls.cert) } }),
  };
}

/** The value of a document without aliases. */
function toValue(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch {
    throw malformed('a configuration has no aliases', { file });
  }
}

function malformed(
  message: string,
  where: { readonly file: string; readonly path?: string; readonly line?: number; readonly character?: number },
): SealroomError {
  return new SealroomError('USAGE_OPTION', message, { where, hint: 'docs/serving.md lists what it may say' });
}

/**
 * Requires what a room over the network must be told.
 *
 * @throws {SealroomError} USAGE_OPTION if something is missing or malformed.
 */
export function completeConfiguration(given: Configuration): ServeConfig {
  const { origin, listen, tls, ops, standby = false, limits = {}, keep = {} } = given;
  const { processes = 1, memoryMiB, timeoutMs } = given;
  if (origin === undefined) throw missing('--origin', 'the address by which members know the room');
  if (listen === undefined) throw missing('--listen', 'an address and a port, such as `0.0.0.0:443`');
  if (tls === undefined)
    throw missing('--tls-key` and `--tls-cert', 'the files of a certificate, or `tls: off` for a front');
  return {
    origin: parseOrigin(origin),
    listen: parsePlace(listen),
    tls: tls === 'off' ? null : { keyFile: tls.key, certFile: tls.cert, isPqOnly: tls.pqOnly ?? false },
    ops: ops === undefined ? null : isSocketPath(ops) ? { path: ops } : parsePlace(ops),
    isStandby: standby,
    queries: {
      processes,
      ...(memoryMiB === undefined ? {} : { memoryMiB }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    },
    limits,
    keep,
  };
}

function missing(option: string, what: string): SealroomError {
  return new SealroomError('USAGE_OPTION', `a room over the network needs \`${option}\`: ${what}`, {
    hint: 'give it as an option, or in the file of `--config`; docs/serving.md has an example',
  });
}

/** A path has a slash; an address with a port has none. */
function isSocketPath(place: string): boolean {
  return place.includes('/');
}

/** Parses an address and a port, such as `127.0.0.1:8443` or `[::1]:8443`. */
function parsePlace(text: string): { readonly host: string; readonly port: number } {
  const [, bracketed, plain, port] = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host !== undefined && port !== undefined) return { host, port: Number(port) };
  throw new SealroomError('USAGE_OPTION', `${quoteForMessage(text)} is not an address and a port`, {
    hint: 'such as `0.0.0.0:443`, `[::]:443` or `127.0.0.1:8443`',
  });
}
