import { Ledger } from './budget.ts';
import type { AttemptEvent, AuditEvent, AuditRecord, StartEvent } from './audit-record.ts';

/** A day: the longest time between two records in milliseconds, unless a `clock` record is between them. */
export const MAX_GAP_MS = 24 * 60 * 60 * 1000;

/** Whether a time in ms is more than a day after that of a record; '' for no record. */
export function isJumpBetween(previousTime: string, timeMs: number): boolean {
  return previousTime !== '' && timeMs - Date.parse(previousTime) > MAX_GAP_MS;
}

/** What the records of a log have said so far, as far as later records must agree with it. */
export class History {
  readonly ledger = new Ledger();
  /** Attempts that started, by id: the index of the record, and whether their end is recorded. */
  readonly #started = new Map<string, { readonly index: number; isOver: boolean }>();
  /** Attempts that are over. */
  readonly #over = new Set<string>();
  #time = '';

  /** The time of the last record, or '' if there is none. */
  get time(): string {
    return this.#time;
  }

  /**
   * Whether an event at this time comes more than a day after the last record, so that a clock that is wrong may be the reason. Budgets
   * follow the times of records, so a record of a far day would use them up until then. Logs of keys have no budgets.
   */
  isJump({ kind }: Pick<AuditEvent, 'kind'>, time: string): boolean {
    return kind !== 'key' && isJumpBetween(this.#time, Date.parse(time));
  }

  /** Records of queries that started and whose end is not recorded: they are running, or were killed. */
  unfinished(): readonly number[] {
    return [...this.#started.values()].filter(({ isOver }) => !isOver).map(({ index }) => index);
  }

  /** The contradictions between the next record and earlier ones, a sentence for each. */
  contradictions({ version, time, event }: AuditRecord): readonly string[] {
    const found: string[] = [];
    if (time < this.#time) found.push('its time is earlier than that of the record before it');
    //= audit A-12
    if (version !== 1 && event.kind !== 'clock' && this.isJump(event, time))
      found.push('its time is more than a day after that of the record before it, and no `clock` record says so');
    switch (event.kind) {
      case 'start':
        return [...found, ...this.#againstStart(event, new Date(time))];
      case 'attempt':
        return [...found, ...this.#againstAttempt(event, new Date(time))];
      case 'clock':
        return event.previousTime === this.#time ? found : [...found, 'the record before it has another time'];
      case 'manifest':
      case 'load':
      case 'remove':
      case 'repair':
      case 'key':
        return found;
    }
  }

  #againstStart({ attempt, budgets }: StartEvent, time: Date): readonly string[] {
    const found = this.#started.has(attempt) || this.#over.has(attempt) ? ['its attempt has already started'] : [];
    const wrong = budgets.filter((change) => !this.ledger.agrees(change, time));
    return [
      ...found,
      ...wrong.map(({ table }) => `its budget of \`${table}\` is not what the records before it leave`),
    ];
  }

  #againstAttempt({ attempt, budgets, outcome }: AttemptEvent, time: Date): readonly string[] {
    if (this.#over.has(attempt)) return ['its attempt is already over'];
    const hasStarted = this.#started.has(attempt);
    //= audit A-5
    if (outcome.kind === 'refused') return hasStarted ? ['its attempt was refused after it started'] : [];
    if (!hasStarted) return ['its attempt never started'];
    if (outcome.kind !== 'released') return [];
    return budgets
      .filter((change) => change.unit === 'ROWS' && !this.ledger.agreesWithRelease(change, outcome.rows, time))
      .map(({ table }) => `its row budget of \`${table}\` is not what the records before it leave`);
  }

  /** Adds a record. */
  add({ index, time, event }: AuditRecord): void {
    this.#time = time;
    switch (event.kind) {
      case 'start':
        this.ledger.add(event, new Date(time));
        this.#started.set(event.attempt, { index, isOver: false });
        break;
      case 'attempt': {
        const started = this.#started.get(event.attempt);
        if (started !== undefined) started.isOver = true;
        this.#over.add(event.attempt);
        this.ledger.addReleased(event, new Date(time));
        break;
      }
      case 'clock':
      case 'manifest':
      case 'load':
      case 'remove':
      case 'repair':
      case 'key':
        break;
    }
  }
}
