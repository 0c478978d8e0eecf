import { Ledger } from './budget.ts';
import type { AttemptEvent, AuditRecord, StartEvent } from './audit-record.ts';

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

  /** Records of queries that started and whose end is not recorded: they are running, or were killed. */
  unfinished(): readonly number[] {
    return [...this.#started.values()].filter(({ isOver }) => !isOver).map(({ index }) => index);
  }

  /** The contradictions between the next record and earlier ones, a sentence for each. */
  contradictions({ time, event }: AuditRecord): readonly string[] {
    const found: string[] = [];
    if (time < this.#time) found.push('its time is earlier than that of the record before it');
    switch (event.kind) {
      case 'start':
        return [...found, ...this.#againstStart(event, new Date(time))];
      case 'attempt':
        return [...found, ...this.#againstAttempt(event)];
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

  #againstAttempt({ attempt, outcome }: AttemptEvent): readonly string[] {
    if (this.#over.has(attempt)) return ['its attempt is already over'];
    const hasStarted = this.#started.has(attempt);
    //= audit A-5
    if (outcome.kind === 'refused') return hasStarted ? ['its attempt was refused after it started'] : [];
    return hasStarted ? [] : ['its attempt never started'];
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
        break;
      }
      case 'manifest':
      case 'load':
      case 'remove':
      case 'repair':
      case 'key':
        break;
    }
  }
}
