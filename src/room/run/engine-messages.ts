import type { Batch, ColumnType } from '../../columns/index.ts';
import type { FailureKind, LockedQuery } from '../../engine/index.ts';

/** A snapshot that a query reads. */
export interface SnapshotFile {
  /** Absolute path of a DuckDB file. */
  readonly path: string;
  /** The schema of its only table. */
  readonly owner: string;
}

/** The limits of an engine process. */
export interface EngineLimits {
  /** Memory of the engine, in MiB; the whole process may use 1024 more. */
  readonly memoryMiB: number;
  readonly threads: number;
  /** Time from sending the query until its last row; then the process is killed. */
  readonly timeoutMs: number;
  /** Bytes of a result's values. */
  readonly maxResultBytes: number;
}

/** Messages to an engine process: first the snapshots and then the query, once each. */
export type EngineRequest =
  | { readonly kind: 'open'; readonly snapshots: readonly SnapshotFile[]; readonly limits: EngineLimits }
  | { readonly kind: 'run'; readonly job: LockedQuery };

/** Messages from an engine process. */
export type EngineReply =
  | { readonly kind: 'opened' }
  | { readonly kind: 'columns'; readonly types: readonly ColumnType[] }
  | { readonly kind: 'batch'; readonly batch: Batch }
  | { readonly kind: 'done'; readonly isCut: boolean }
  | { readonly kind: 'failed'; readonly failure: FailureKind };
