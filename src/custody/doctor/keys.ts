import { countOf, SealroomError } from '../../errors/index.ts';
import type { Envelope } from '../envelope.ts';
import type { MemberHome } from '../home.ts';
import { listEnvelopes, readEnvelope } from '../envelope-store.ts';
import { unknownRouteOf } from '../choose-key.ts';
import type { ProviderContext } from '../providers/provider.ts';
import { openProvider } from '../providers/open-provider.ts';
import { type Check, checkOk, checkProblem, checkWarning } from './check.ts';

/** Checks whether the envelopes of a home can be read, and their keys be used. It opens no envelope. */
export async function checkKeys(home: MemberHome, context: ProviderContext): Promise<readonly Check[]> {
  const checks: Check[] = [];
  const keys = new Map<string, Envelope[]>();
  for (const place of await listEnvelopes(home)) {
    try {
      const { envelope } = await readEnvelope(home, place);
      keys.set(envelope.key, [...(keys.get(envelope.key) ?? []), envelope]);
    } catch (error) {
      checks.push(checkProblem('envelope', `${place.file}: ${reasonOf(error)}`, 'restore the original file'));
    }
  }
  if (keys.size === 0 && checks.length === 0) return [checkOk('envelopes', 'none')];
  const found = await Promise.all([...keys].map(([key, { length }]) => checkKey(home, key, length, context)));
  return [...checks, ...found];
}

async function checkKey(home: MemberHome, key: string, envelopes: number, context: ProviderContext): Promise<Check> {
  const item = `key ${key}`;
  const count = countOf(envelopes, 'envelope');
  try {
    const unknown = await unknownRouteOf(home, key);
    if (unknown.length > 0) {
      return checkWarning(
        item,
        `${count}; not looked at, because this home has not used ${unknown.join(' and ')}`,
        'if it is your key, name it once with `--key`, or take the envelope in with `sealroom key adopt`',
      );
    }
    await using provider = await openProvider(key, context);
    const { custody, isInsecure, problem: reason } = await provider.describe();
    if (reason !== null)
      return checkProblem(
        item,
        `${count}; ${reason}`,
        'the secrets in these envelopes cannot be used until this is fixed',
      );
    if (!isInsecure) return checkOk(item, `${count}; ${custody}`);
    return checkWarning(
      item,
      `${count}; ${custody}`,
      'move the secrets to a better key with `sealroom key wrap --to <key>`',
    );
  } catch (error) {
    return checkProblem(item, `${count}; ${reasonOf(error)}`, 'see docs/keys.md for the URIs of keys');
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof SealroomError) return error.message;
  throw error;
}
