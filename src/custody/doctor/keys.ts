import { SealroomError } from '../../errors/index.ts';
import type { Envelope } from '../envelope.ts';
import type { MemberHome } from '../home.ts';
import { listEnvelopes, readEnvelope } from '../envelope-store.ts';
import type { ProviderContext } from '../providers/provider.ts';
import { openProvider } from '../providers/open-provider.ts';
import { type Check, checkOk, checkProblem, checkWarning } from './check.ts';

/** Whether the envelopes of a home can be read, and the keys that they name be used. No envelope is opened. */
export async function checkKeys(home: MemberHome, context: ProviderContext): Promise<readonly Check[]> {
  const checks: Check[] = [];
  const keys = new Map<string, Envelope[]>();
  for (const place of await listEnvelopes(home)) {
    try {
      const { envelope } = await readEnvelope(home, place);
      keys.set(envelope.key, [...(keys.get(envelope.key) ?? []), envelope]);
    } catch (error) {
      checks.push(checkProblem('envelope', `${place.file}: ${reasonOf(error)}`, 'put back the copy from before'));
    }
  }
  if (keys.size === 0 && checks.length === 0) return [checkOk('envelopes', 'none')];
  const found = await Promise.all([...keys].map(([key, { length }]) => checkKey(key, length, context)));
  return [...checks, ...found];
}

async function checkKey(key: string, envelopes: number, context: ProviderContext): Promise<Check> {
  const item = `key ${key}`;
  const count = `${String(envelopes)} envelope(s)`;
  try {
    await using provider = await openProvider(key, context);
    const { custody, isInsecure, problem: reason } = await provider.describe();
    if (reason !== null)
      return checkProblem(item, `${count}; ${reason}`, 'no secret in these envelopes can be used until it is mended');
    if (!isInsecure) return checkOk(item, `${count}; ${custody}`);
    return checkWarning(
      item,
      `${count}; ${custody}`,
      '`sealroom key wrap --to <key>` puts the secrets under a better one',
    );
  } catch (error) {
    return checkProblem(item, `${count}; ${reasonOf(error)}`, 'see docs/keys.md for the form of keys');
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof SealroomError) return error.message;
  throw error;
}
