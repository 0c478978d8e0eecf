import type { CheckContext, Verdict } from '../../query/index.ts';
import { sha256Hex } from '../../platform/index.ts';
import type { Room } from '../room.ts';
import type { ResolvedRequest } from './request.ts';

/** The maximum number of verdicts that are kept. */
const MAX_VERDICTS = 2000;

/** The maximum length of all of them as JSON, in characters. */
const MAX_CHARACTERS = 32 << 20;

interface KeptVerdict {
  readonly verdict: Verdict;
  readonly characters: number;
}

/**
 * Verdicts on what was asked before, the most recently asked ones. A verdict follows from the room and the request alone, as long as
 * no budget is looked at. A room that was read anew may have other rules, approvals or snapshots, so nothing is kept from the one before.
 */
export class VerdictCache {
  #room: Room | null = null;
  #characters = 0;
  /** The most recently asked one last. */
  readonly #kept = new Map<string, KeptVerdict>();

  /**
   * The verdict on a request, which is checked if it was not asked before in this room, in these words and by this member.
   *
   * @param check decides it, without budgets
   */
  async find(room: Room, request: ResolvedRequest, check: () => Promise<Verdict>): Promise<Verdict> {
    if (this.#room !== room) this.#startWith(room);
    const key = keyOf(request);
    const kept = this.#kept.get(key);
    if (kept !== undefined) {
      this.#kept.delete(key);
      this.#kept.set(key, kept);
      return kept.verdict;
    }
    const verdict = await check();
    // Meanwhile the room may have changed, or the same may have been asked by another.
    if (this.#room === room && !this.#kept.has(key) && !wasStopped(verdict)) this.#keep(key, verdict);
    return verdict;
  }

  #startWith(room: Room): void {
    this.#room = room;
    this.#kept.clear();
    this.#characters = 0;
  }

  #keep(key: string, verdict: Verdict): void {
    const characters = JSON.stringify(verdict).length;
    this.#kept.set(key, { verdict, characters });
    this.#characters += characters;
    for (const [oldest, each] of this.#kept) {
      if (this.#kept.size <= MAX_VERDICTS && this.#characters <= MAX_CHARACTERS) break;
      this.#kept.delete(oldest);
      this.#characters -= each.characters;
    }
  }
}

/** Whether a check was stopped, which depends on the load of the machine, and says nothing about the query. */
function wasStopped({ findings }: Verdict): boolean {
  return findings.some(({ code }) => code === 'CHECK_STOPPED');
}

/** What a verdict depends on besides the room, from which the manifest and the facts about the member's tables come. */
type Asked = Required<Omit<CheckContext, 'manifest' | 'facts' | 'budgetsLeft'>>;

function keyOf({ text, context }: ResolvedRequest): string {
  const { member, receivers, template, parameters, maxRows } = context;
  const asked: { readonly [Name in keyof Asked]: CheckContext[Name] } = {
    member,
    receivers,
    template,
    parameters,
    maxRows,
  };
  return sha256Hex(JSON.stringify([text, asked]));
}
