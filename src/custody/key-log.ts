import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeyEvent as KeyRecord } from '../audit/index.ts';
import type { Signer } from '../tlog/index.ts';
import { SealroomError, systemReason } from '../errors/index.ts';
import type { MemberHome } from './home.ts';
import { fileExists } from '../files/index.ts';
import { requireOwnHome } from './own-home.ts';
import { readPublicKeyOf } from './signing-key.ts';

/** An action on a secret. */
export type KeyAction = KeyRecord['action'];

/** An action on a secret, or a refusal. The log adds the owner of the home. */
export type KeyUse = Omit<KeyRecord, 'kind' | 'actor'>;

/** The log of key events. */
export interface KeyLog {
  /**
   * Writes an event. If it fails, the caller must not use the secret.
   *
   * @throws {SealroomError} IO_WRITE, IO_LOCKED, AUDIT_* as the audit log.
   */
  record(event: KeyUse): Promise<void>;
}

/** The options of {@link openKeyLog}. */
export interface KeyLogOptions {
  readonly now?: (() => Date) | undefined;
}

/**
 * Opens the key log of a home, which is an audit log. Creates the log and the key that signs it if the home has none.
 *
 * @throws {SealroomError} SECRET_INVALID if the key of the log is missing, or it or the home is open to other users; AUDIT_* if the log was
 *   changed; IO_READ, IO_WRITE, IO_LOCKED.
 */
export async function openKeyLog(
  home: MemberHome,
  { now = () => new Date() }: KeyLogOptions = {},
): Promise<KeyLog & AsyncDisposable> {
  // Loaded here, because most tables are encrypted without a log, and loading it takes longer than encrypting a small table.
  const { AuditLog } = await import('../audit/index.ts');
  await requireOwnHome(home);
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

/** Reads the signer of a home's log; creates both if neither exists. */
async function prepareKeyLog(home: MemberHome): Promise<Signer> {
  const { createAuditLog, readSignerFile } = await import('../audit/index.ts');
  const [hasKey, hasLog] = [await fileExists(home.logKey), await fileExists(join(home.log, 'checkpoint'))];
  if (!hasKey && hasLog) {
    throw new SealroomError('SECRET_INVALID', 'the key that signs the log of keys is missing', {
      where: { file: home.logKey },
      hint: `restore it, or move ${home.log} away to start a new log`,
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
