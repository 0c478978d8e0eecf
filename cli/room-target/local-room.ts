import type { MemberEnvironment } from '../../src/actions/member/tables.ts';
import { listHomeKeys } from '../../src/actions/member/index.ts';
import {
  askRoom,
  checkInRoom,
  inspectRoom,
  listExamplesInRoom,
  loadIntoRoom,
  type MemberExamples,
  type OperatorEnvironment,
  removeFromRoom,
  replaceManifest,
} from '../../src/actions/operator/index.ts';
import type { Manifest } from '../../src/collab/index.ts';
import { SealroomError } from '../../src/errors/index.ts';
import { writeWholeFile } from '../../src/files/index.ts';
import { type Caller, claimedCaller, type RunnerLimits } from '../../src/room/index.ts';
import type { CheckAnswer } from '../../src/wire/index.ts';
import type { NamedFile } from '../options/manifest-option.ts';
import { type Question, requireMember } from '../options/query-options.ts';
import { tableOutput } from '../options/table-options.ts';
import { toCheckAnswer } from '../output/format-query.ts';
import type { CliIo } from '../terminal.ts';
import type {
  LoadedTable,
  ManifestReplacement,
  QueryEnd,
  RoomQuestion,
  RoomContent,
  RoomTarget,
  TableFile,
} from './room-target.ts';

/** What a room in a directory is used with. */
export interface LocalRoomOptions {
  readonly io: CliIo;
  /** Absolute. */
  readonly directory: string;
  /** The environment of who uses it as a member. */
  readonly member: MemberEnvironment;
  /** The environment of who runs it. */
  readonly operator: OperatorEnvironment;
  /** Id of the member that asks; only for what a member asks. */
  readonly as?: string | undefined;
  readonly limits?: Partial<RunnerLimits> | undefined;
}

/** A room in a directory of this machine. Whoever can use it is its operator, and says for which member. */
export class LocalRoom implements RoomTarget {
  readonly #options: LocalRoomOptions;

  constructor(options: LocalRoomOptions) {
    this.#options = options;
  }

  get member(): string | undefined {
    return this.#options.as;
  }

  async check(question: Question): Promise<CheckAnswer> {
    const { operator, directory } = this.#options;
    const caller = claimedCaller(requireMember(this.member));
    return toCheckAnswer(await checkInRoom(operator, directory, { ...question, caller }));
  }

  async listExamples(member: string | undefined): Promise<readonly MemberExamples[]> {
    const { directory, operator } = this.#options;
    return listExamplesInRoom(directory, member, operator.signal);
  }

  async list(): Promise<RoomContent> {
    const { operator, directory } = this.#options;
    const { manifest, ...content } = await inspectRoom(operator, directory);
    return { ...content, place: { directory }, manifest, members: manifest.members.length };
  }

  async update({ text, file }: NamedFile): Promise<ManifestReplacement> {
    const { operator, directory, member } = this.#options;
    const knownKeys = await listHomeKeys(member);
    return replaceManifest(operator, { directory, manifest: text, manifestFile: file, knownKeys });
  }

  async load({ table, path, format, csvInputNull, onProgress }: TableFile): Promise<LoadedTable> {
    const { operator, directory } = this.#options;
    const input = { kind: 'file', path, format } as const;
    return loadIntoRoom(operator, { directory, table, input, csvInputNull, onProgress });
  }

  async remove(table: string): Promise<string> {
    const { operator, directory } = this.#options;
    return removeFromRoom(operator, directory, table);
  }

  async ask({ question, targets, isWaiting = true }: RoomQuestion): Promise<QueryEnd> {
    if (!isWaiting) throw new SealroomError('USAGE_OPTION', '`--no-wait` needs a room over the network');
    const { io, operator, directory, limits } = this.#options;
    const answer = await askRoom(operator, {
      ...question,
      directory,
      authenticate: (manifest) => this.#claimCaller(manifest),
      limits,
      isPacked: targets.package !== null,
    });
    if (answer.kind === 'refused') return answer;
    const { attempt, salt, receipt, budgets, result } = answer;
    if (targets.package !== null && answer.package !== null) {
      await writeWholeFile(targets.package, answer.package, targets);
    }
    if (targets.table !== null) {
      const { path, format } = targets.table;
      const { writeResult } = await import('../../src/actions/member/tables.ts');
      await writeResult(result.table, { ...tableOutput(io, path, format), format }, targets);
    }
    const { rows, isCut, columns, receivers, obligations } = result.statement;
    const isShown = targets.table === null && targets.package === null;
    const ofResult = { rows, isCut, columns, receivers, obligations, table: isShown ? result.table : null };
    return { kind: 'released', attempt, salt, receipt, budgets, ...ofResult };
  }

  /** The caller: the named member, and the owner of the home if the manifest names people. */
  async #claimCaller(manifest: Manifest): Promise<Caller> {
    const { identifyPerson } = await import('../../src/actions/member/tables.ts');
    const id = requireMember(this.member);
    return claimedCaller(id, await identifyPerson(this.#options.member, id, manifest));
  }
}
