import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeyEvent as KeyRecord } from '../audit/index.ts';
import type { Signer } from '../tlog/index.ts';
import { SealroomError, systemReason } from '../errors/index.ts';
import type { MemberHome } from './home.ts';
import { fileExists } from '../files/index.ts';
import { readPublicKeyOf } from './signing-key.ts';

/** What is done with a secret. */
export type KeyAction = KeyRecord['action'];

/** One thing that was done with a secret, or refused; whose home it was in is added by the log. */
export type KeyUse = Omit<KeyRecord, 'kind' | 'actor'>;

/** Where events of keys are written. */
export interface KeyLog {
  /**
   * Writes an event; nothing is done with a secret whose event could not be written.
   *
   * @throws {SealroomError} IO_WRITE, IO_LOCKED, AUDIT_* as the audit log.
   */
  record(event: KeyUse): Promise<void>;
}

/** What a log of keys is opened with. */
export interface KeyLogOptions {
  readonly now?: (() => Date) | undefined;
}

/**
 * Opens the log of the keys of a home, an audit log; makes it, and the key that signs it, if the home has none.
 *
 * @throws {SealroomError} SECRET_INVALID if the key of the log is missing or open to other users; AUDIT_* if the log is not
 *   as it was signed last; IO_READ, IO_WRITE, IO_LOCKED.
 */
export async function openKeyLog(
  home: MemberHome,
  { now = () => new Date() }: KeyLogOptions = {},
): Promise<KeyLog & AsyncDisposable> {
  // What writes logs takes longer to load than a small table to encrypt, and most are encrypted without one.
  const { AuditLog } = await import('../audit/index.ts');
  const signer = await prepareKeyLog(home);
  const actor = await readPublicKeyOf(home.signingKey);
  const log = await AuditLog.open({ directory: home.log, signer, now });
  return {
    async record(event) {
      //= audit A-62
      await log.append({ kind: 'key', actor, ...event });
    },
    [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
  };
}

/** The signer of a home's log; both are made if neither is there. */
async function prepareKeyLog(home: MemberHome): Promise<Signer> {
  const { createAuditLog, readSignerFile } = await import('../audit/index.ts');
  const [hasKey, hasLog] = [await fileExists(home.logKey), await fileExists(join(home.log, 'checkpoint'))];
  if (!hasKey && hasLog) {
    throw new SealroomError('SECRET_INVALID', 'the key that signs the log of keys is missing', {
      where: { file: home.logKey },
      hint: `put it back, or move ${home.log} away to begin another log`,
    });
  }
  if (!hasKey) await makeSigner(home);
  const signer = await readSignerFile(home.logKey);
  if (!hasLog) {
    await createAuditLog({ directory: home.log, signer }).catch((error: unknown) => {
      // Another process made it meanwhile.
      if (!(error instanceof SealroomError) || error.code !== 'IO_EXISTS') throw error;
    });
  }
  return signer;
}

/** Of two processes that create the key, one succeeds, and the other uses that one's key. */
async function makeSigner({ directory, logKey }: MemberHome): Promise<void> {
  const { createSignerFile } = await import('../audit/index.ts');
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await createSignerFile(logKey, `keys.sealroom/${randomUUID()}`);
  } catch (error) {
    if (error instanceof SealroomError) {
      if (error.code === 'IO_EXISTS') return;
      throw error;
    }
    throw new SealroomError('IO_WRITE', `cannot write the key of the log: ${systemReason(error)}`, {
      where: { file: logKey },
      cause: error,
    });
  }
}
