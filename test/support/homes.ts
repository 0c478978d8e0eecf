import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { generateX25519Identity } from 'age-encryption';
import { expect } from 'vitest';
import { readRecords } from 'sealroom/audit';
import { type KeyUse, memberHome } from 'sealroom/custody';
import { type Outcome, type RunOptions, Session } from './cli.ts';
import { keyOf } from './manifests.ts';

/** A session with a home, and the age identity files `a.key` and `b.key`. */
export class HomeSession implements AsyncDisposable {
  readonly session: Session;

  private constructor(session: Session) {
    this.session = session;
  }

  static async start(files: Readonly<Record<string, string>> = {}): Promise<HomeSession> {
    const session = await Session.start(files);
    for (const name of ['a.key', 'b.key']) {
      await session.put(name, `${await generateX25519Identity()}\n`);
      await chmod(session.path(name), 0o600);
    }
    await mkdir(session.path('home'), { mode: 0o700 });
    return new HomeSession(session);
  }

  run(argv: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return this.session.run(argv, { ...options, env: { SEALROOM_HOME: this.path('home'), ...options.env } });
  }

  async done(argv: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    const outcome = await this.run(argv, options);
    expect(outcome, outcome.err).toMatchObject({ code: 0 });
    return outcome;
  }

  path(name: string): string {
    return this.session.path(name);
  }

  /** Gives the home the signing key of somebody: see `keyOf`. */
  async becomes(name: string): Promise<void> {
    await writeFile(this.path('home/sign.key'), keyOf(name).export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  }

  /** What the log of the home tells of keys. */
  async events(): Promise<KeyUse[]> {
    const found: KeyUse[] = [];
    for await (const { record } of readRecords(memberHome({}, { cwd: '/', home: this.path('home') }).log)) {
      if (record.event.kind === 'key') found.push(record.event);
    }
    return found;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.session[Symbol.asyncDispose]();
  }
}
