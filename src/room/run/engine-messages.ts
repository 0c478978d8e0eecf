import type { Batch, ColumnType } from '../../columns/index.ts';
import type { LockedQuery } from '../../engine/index.ts';

/** A snapshot that a query reads. */
export interface SnapshotFile {
  /** Absolute path of a DuckDB file. */
  readonly path: string;
  /** The schema of its one table. */
  readonly owner: string;
}

/** What an engine process may use. */
export interface EngineLimits {
  /** Memory of the engine, in MiB; the process may take 1024 more in all. */
  readonly memoryMiB: number;
  readonly threads: number;
  /** From the handing over of the query until its last row; its process is killed then. */
  readonly timeoutMs: number;
  /** Bytes of a result's values. */
  readonly maxResultBytes: number;
}

/** Messages to an engine process: first the snapshots, then the query, each once. */
export type EngineRequest =
  | { readonly kind: 'open'; readonly snapshots: readonly SnapshotFile[]; readonly limits: EngineLimits }
  | { readonly kind: 'run'; readonly job: LockedQuery };

/** Why a query was not completed; nothing of the engine's own words. */
export type FailureKind = 'ENGINE' | 'MEMORY' | 'RESULT_SIZE' | 'TIMEOUT' | 'CRASH' | 'ABORTED';

/** Messages from an engine process. */
export type EngineReply =
  | { readonly kind: 'opened' }
  | { readonly kind: 'columns'; readonly types: readonly ColumnType[] }
  | { readonly kind: 'batch'; readonly batch: Batch }
  | { readonly kind: 'done'; readonly isCut: boolean }
  | { readonly kind: 'failed'; readonly failure: FailureKind };
