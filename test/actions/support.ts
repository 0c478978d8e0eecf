import { createSecret } from '#src/actions/member/index';
import type { MemberEnvironment } from '#src/actions/member/tables';
import { HomeSession } from '../support/homes.ts';
import { signedPeopleManifest } from '../support/people.ts';

/** A collaboration without a manifest. */
export const ID = '00000000-1111-2222-3333-444444444444';

/** When everything in these tests happens. */
export const NOW = (): Date => new Date('2026-11-24T12:00:00Z');

/** A manifest with people, signed by all. */
export const PEOPLE_FILE = { text: signedPeopleManifest(), file: '/m.json' };

/** Names a test that is not to ask for a passphrase. */
function refuseToAsk(): Promise<string> {
  return Promise.reject(new Error('a passphrase was asked for'));
}

/** What an action gets in a test: the session's home, no variable, nobody to ask. */
export function environmentOf(session: HomeSession, more: Partial<MemberEnvironment> = {}): MemberEnvironment {
  return {
    env: {},
    cwd: session.session.directory,
    home: session.path('home'),
    now: NOW,
    askPassphrase: refuseToAsk,
    warn: () => undefined,
    ...more,
  };
}

/** A session whose home has the first secret of {@link ID}. */
export async function sessionWithSecret(files: Readonly<Record<string, string>> = {}): Promise<HomeSession> {
  const session = await HomeSession.start(files);
  await createSecret(environmentOf(session), { collaboration: { id: ID }, key: 'age:a.key', isImported: false });
  return session;
}

/** The actions in the log of the home, in their order. */
export async function actionsOf(session: HomeSession): Promise<readonly string[]> {
  return (await session.events()).map(({ action, purpose }) => `${action} ${purpose}`);
}
