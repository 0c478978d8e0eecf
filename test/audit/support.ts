import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AttemptEvent,
  AuditLog,
  type BudgetLimit,
  type Charge,
  createAuditLog,
  generateSignerText,
  parseSigner,
  type Signer,
  type StartOutcome,
} from 'sealroom/audit';

export const HASH = '0123456789abcdef'.repeat(4);
const ORIGIN = 'runner.example/spring';

export const USE = { table: 'impressions', owner: 'pub', ruleSha256: HASH, snapshotSha256: HASH };

/** An attempt that ran and released three rows. */
export function released(attempt: string, changes: Partial<AttemptEvent> = {}): AttemptEvent {
  return {
    kind: 'attempt',
    attempt,
    member: 'brand',
    manifestSha256: HASH,
    question: { template: null, parameters: {}, sql: 'SELECT 1', sqlSha256: HASH },
    ir: { kind: 'scan', table: 'impressions' },
    tables: [USE],
    findings: [],
    obligations: [{ kind: 'threshold', detail: 'at least 10 distinct `email_fingerprint`', table: 'impressions' }],
    budgets: [],
    receivers: ['brand'],
    outcome: { kind: 'released', rows: 3, saltedResultSha256: HASH, duration: 'under 1 s' },
    ...changes,
  };
}

/** An attempt whose text was not understood. */
export function refused(changes: Partial<AttemptEvent> = {}): AttemptEvent {
  return released(randomUUID(), {
    ir: null,
    tables: null,
    obligations: [],
    findings: [{ code: 'PARSE_ERROR', message: 'expected a SELECT', span: { start: 0, end: 4 }, table: null }],
    outcome: { kind: 'refused' },
    ...changes,
  });
}

export function charge(limits: readonly BudgetLimit[] = []): Charge {
  return { use: USE, limits };
}

/** A log in a directory of its own. */
export class LogFolder implements AsyncDisposable {
  readonly root: string;
  readonly directory: string;
  readonly signer: Signer;
  now = new Date('2026-11-24T12:00:00.000Z');

  private constructor(root: string) {
    this.root = root;
    this.directory = join(root, 'audit');
    this.signer = parseSigner(generateSignerText(ORIGIN));
  }

  static async create(): Promise<LogFolder> {
    const folder = new LogFolder(await mkdtemp(join(tmpdir(), 'sealroom-audit-')));
    await createAuditLog(folder.options());
    return folder;
  }

  options(): { directory: string; signer: Signer; now: () => Date } {
    return { directory: this.directory, signer: this.signer, now: () => this.now };
  }

  open(): Promise<AuditLog> {
    return AuditLog.open(this.options());
  }

  /** Adds attempts, two records each: some that ran, some that were refused. */
  async fill(records: number): Promise<void> {
    await using log = await this.open();
    for (let written = 0; written < records;) {
      if (records - written === 1 || written % 3 === 2) {
        await log.append(refused());
        written++;
      } else {
        const attempt = randomUUID();
        await start(log, attempt);
        await log.append(released(attempt));
        written += 2;
      }
    }
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  async read(name: 'log.jsonl' | 'checkpoint'): Promise<string> {
    return readFile(this.path(name), 'utf8');
  }

  async write(name: 'log.jsonl' | 'checkpoint', content: string | Uint8Array): Promise<void> {
    await writeFile(this.path(name), content);
  }

  /** The lines of the log, without line breaks. */
  async lines(): Promise<string[]> {
    return (await this.read('log.jsonl')).split('\n').slice(0, -1);
  }

  async copyTo(directory: string): Promise<void> {
    await cp(this.directory, directory, { recursive: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.root, { recursive: true, force: true });
  }
}

export function start(log: AuditLog, attempt: string, limits: readonly BudgetLimit[] = []): Promise<StartOutcome> {
  return log.start({
    attempt,
    member: 'brand',
    manifestSha256: HASH,
    irSha256: HASH,
    charges: [charge(limits)],
  });
}
