import { escapeUnprintable, SealroomError } from '../errors/index.ts';
import type { StoredEnvelope } from './envelope-store.ts';
import type { MemberHome } from './home.ts';
import { readKnownKeys, rememberKey } from './known-keys.ts';
import type { ProviderContext } from './providers/provider.ts';
import { routeOf } from './providers/route.ts';
import { shortSecretId } from './secret.ts';

/** The key that opens an envelope. */
export interface ChosenKey {
  readonly uri: string;
  /**
   * Adds the key to those that the home has used. Called once it has opened the envelope.
   *
   * @throws {SealroomError} errors of `rememberKey`.
   */
  readonly remember: () => Promise<void>;
}

/**
 * Chooses the key that opens an envelope: the one that the owner of the home named, or else the one that the envelope names. An envelope
 * comes from elsewhere, and an attacker's opens with the attacker's key. So its URI may not lead to an endpoint, a profile, a module
 * or a PIN file that the home has not used, and the first use of its key is announced. No key, service or file is touched.
 *
 * @param named the URI that the owner named, by an option or a variable
 * @throws {SealroomError} as {@link requireKnownRoute}; USAGE_OPTION if a URI is invalid.
 */
export async function chooseKey(
  home: MemberHome,
  stored: StoredEnvelope,
  named: string | undefined,
  { warn }: Pick<ProviderContext, 'warn'>,
): Promise<ChosenKey> {
  const { envelope } = stored;
  if (envelope.version === 1) warn(describeOldVersion(stored));
  if (named !== undefined) {
    const leadsSomewhere = (await routeOf(named)).length > 0;
    return { uri: named, remember: () => (leadsSomewhere ? rememberKey(home, named) : Promise.resolve()) };
  }
  await requireKnownRoute(home, stored);
  const isKnown = (await readKnownKeys(home)).includes(envelope.key);
  if (!isKnown) warn(`this home uses the key for the first time: ${describeSecret(stored)}`);
  return { uri: envelope.key, remember: () => (isKnown ? Promise.resolve() : rememberKey(home, envelope.key)) };
}

/**
 * Refuses an envelope whose key is reached by what the home has not used. No key, service or file is touched.
 *
 * @throws {SealroomError} CUSTODY_KEY; as `readKnownKeys` and `routeOf`.
 */
export async function requireKnownRoute(home: MemberHome, stored: StoredEnvelope): Promise<void> {
  const unknown = await unknownRouteOf(home, stored.envelope.key);
  if (unknown.length === 0) return;
  const names = unknown.map((each) => `\`${escapeUnprintable(each)}\``).join(' and ');
  throw new SealroomError('CUSTODY_KEY', `the envelope's key is reached by ${names}, which this home has not used`, {
    where: { file: stored.file },
    hint:
      `if it is your key, name it once with \`--key\`, or take the envelope in with \`sealroom key adopt\`; ` +
      `the envelope has ${describeSecret(stored)}`,
  });
}

/** What the URI of a key is reached by and a home has not used, as `name=value`. A known way counts as a whole. */
export async function unknownRouteOf(home: MemberHome, uri: string): Promise<readonly string[]> {
  const route = await routeOf(uri);
  if (route.length === 0) return [];
  for (const known of await readKnownKeys(home)) {
    if (isSame(await routeOf(known), route)) return [];
  }
  return route;
}

const isSame = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((each, index) => each === other[index]);

function describeSecret({ envelope: { secretId, generation, collaborationId, key } }: StoredEnvelope): string {
  return `secret ${shortSecretId(secretId)}, generation ${String(generation)} of ${collaborationId}, under ${escapeUnprintable(key)}`;
}

function describeOldVersion({ envelope: { collaborationId, generation } }: StoredEnvelope): string {
  const what = `the envelope of generation ${String(generation)} of ${collaborationId} has version 1`;
  return `${what}, which with AWS KMS does not show who made it; \`sealroom key wrap --to <key>\` makes one of version 2`;
}
