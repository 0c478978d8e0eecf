import type { ProofRequest } from '../../src/actions/member/index.ts';
import type { TableProgress } from '../../src/actions/member/tables.ts';
import type { MemberExamples } from '../../src/actions/operator/index.ts';
import type { BudgetChange } from '../../src/audit/index.ts';
import type { SealroomError } from '../../src/errors/index.ts';
import type { Finding, ResultColumn } from '../../src/query/index.ts';
import type { RoomUpdate } from '../../src/room/index.ts';
import type { TableFormat } from '../../src/tabular/index.ts';
import type { CheckAnswer, Job } from '../../src/wire/index.ts';
import type { NamedFile } from '../options/manifest-option.ts';
import type { Question } from '../options/query-options.ts';
import type { ResultTargets } from '../options/result-options.ts';

/** The version of a manifest, as a room says it. */
export interface ManifestVersion {
  readonly id: string;
  readonly name: string;
  readonly sha256: string;
}

/** Another version of the manifest is in force. */
export interface ManifestReplacement extends Omit<RoomUpdate, 'manifest'> {
  readonly manifest: ManifestVersion;
}

/** A table of a room. */
export interface ListedTable {
  readonly name: string;
  readonly owner: string;
  readonly snapshot: { readonly rows: number; readonly sha256: string; readonly loadedAt: string } | null;
  /** Over the network it is not said whether rows that are loaded are intact. */
  readonly state: 'intact' | 'changed' | 'loaded' | 'not loaded';
}

/** What is in a room. */
export interface RoomContent {
  /** Where it is, by the name that `--json` has for it. */
  readonly place: { readonly directory: string } | { readonly room: string };
  readonly manifest: ManifestVersion;
  /** How many members signed it: all. */
  readonly members: number;
  readonly tables: readonly ListedTable[];
  /** ROOM_SNAPSHOT if a table was changed. */
  readonly problem: SealroomError | null;
}

/** A file with the rows of a table. */
export interface TableFile {
  readonly table: string;
  /** Absolute. */
  readonly path: string;
  readonly format: TableFormat | undefined;
  readonly csvInputNull: readonly string[] | undefined;
  readonly onProgress: (progress: TableProgress) => void;
}

/** A table that was loaded. */
export interface LoadedTable {
  readonly table: {
    readonly name: string;
    readonly owner: string;
    readonly columns: readonly ResultColumn[];
    readonly snapshot: { readonly rows: number; readonly sha256: string } | null;
  };
  readonly leftOut: readonly string[];
  readonly replacedSha256: string | null;
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
  readonly signedBy: string | null;
  readonly elapsedMs: number;
}

/** A query, and where its result goes. */
export interface RoomQuestion {
  readonly question: Question;
  readonly targets: ResultTargets;
  /** Whether its end is waited for; default: yes. */
  readonly isWaiting?: boolean | undefined;
}

/** What an attempt leaves in the audit log. */
interface Attempted {
  readonly attempt: string;
  readonly salt: string;
  readonly receipt: { readonly index: number; readonly checkpoint: string };
}

/** A query whose result was released. */
export interface Released extends Attempted {
  readonly kind: 'released';
  readonly rows: number;
  readonly isCut: boolean;
  readonly receivers: readonly string[];
  readonly budgets: readonly BudgetChange[];
  /** `null` if only the package says it, which was not opened. */
  readonly columns: readonly ResultColumn[] | null;
  readonly obligations: readonly { readonly kind: string; readonly detail: string }[];
  /** The result as an Arrow stream, where no file takes it. */
  readonly table: Uint8Array | null;
}

/** A query that was refused. */
interface Refused extends Attempted {
  readonly kind: 'refused';
  readonly text: string;
  readonly findings: readonly Finding[];
}

/** How a query ended. */
export type QueryEnd = Released | Refused;

/** How a job of a room over the network ended, or that nobody waited for it. */
export type JobEnd =
  | QueryEnd
  | { readonly kind: 'loaded'; readonly loaded: LoadedTable }
  | { readonly kind: 'started'; readonly job: Job; readonly room: string };

/** A room, wherever it is: what commands ask of it. */
export interface RoomTarget {
  /** The member that asks; for a directory, the one that was named. */
  readonly member: string | undefined;
  /** What would happen to a query, in the form of `check --json`. */
  check(question: Question): Promise<CheckAnswer>;
  /** What a member may ask, table by table; without a member, each of those that may ask. */
  listExamples(member: string | undefined): Promise<readonly MemberExamples[]>;
  list(): Promise<RoomContent>;
  /** Brings another version of the manifest into force. */
  update(manifest: NamedFile): Promise<ManifestReplacement>;
  load(file: TableFile): Promise<LoadedTable>;
  /** Removes the rows of a table; returns the hash of what was removed. */
  remove(table: string): Promise<string>;
  /** Asks a query, and writes its result to where it goes. */
  ask(order: RoomQuestion): Promise<JobEnd>;
}

/** An audit log, wherever it is. */
export interface LogTarget {
  /** The lines of what a member may see. */
  exportRecords(): AsyncIterable<string>;
  prove(wanted: ProofRequest): Promise<string>;
  /** The signed checkpoint. */
  checkpoint(): Promise<string>;
}
