import { mkdir, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { FileText } from 'sealroom/custody';
import {
  createMember,
  createSecret,
  readHomeCard,
  receiveFromMember,
  requestFromMember,
  sendToMember,
  verifyMemberCard,
} from '#src/actions/member/index';
import type { MemberEnvironment } from '#src/actions/member/tables';
import { HomeSession } from '../../support/homes.ts';
import { keyOf } from '../../support/manifests.ts';
import { actionsOf, environmentOf, ID, NOW, PEOPLE_FILE } from '../support.ts';

const collaboration = { manifest: PEOPLE_FILE };

interface Two {
  readonly session: HomeSession;
  /** A key custodian of brand, with the secret. */
  readonly brand: MemberEnvironment;
  /** A member that is one person, without it. */
  readonly pub: MemberEnvironment;
  readonly brandCard: FileText;
  readonly pubCard: FileText;
}

/** Two homes whose members have compared their cards, and the secret in one of them. */
async function withTwo(work: (two: Two) => Promise<void>, pubKey = 'pub', pubId = 'pub'): Promise<void> {
  await using session = await HomeSession.start();
  const [brand, pub] = [environmentOf(session), environmentOf(session, { home: session.path('theirs') })];
  await session.becomes('kim');
  await mkdir(session.path('theirs'), { mode: 0o700 });
  const pem = keyOf(pubKey).export({ type: 'pkcs8', format: 'pem' });
  await writeFile(session.path('theirs/sign.key'), pem, { mode: 0o600 });
  await createMember(brand, { id: 'brand', isClassic: true });
  await createMember(pub, { id: pubId, isClassic: true });
  const [brandCard, pubCard] = [await readHomeCard(brand), await readHomeCard(pub)];
  const isSame = (): Promise<boolean> => Promise.resolve(true);
  await verifyMemberCard(brand, { card: pubCard, replaces: false, isSame });
  await verifyMemberCard(pub, { card: brandCard, replaces: false, isSame });
  await createSecret(brand, { collaboration, key: 'age:a.key', isImported: false });
  await work({ session, brand, pub, brandCard, pubCard });
}

const ask = ({ pub, brandCard: from }: Two, more: object = {}): Promise<FileText> =>
  requestFromMember(pub, { from, collaboration, generation: null, days: 7, ...more });

describe('the secret goes from one member to another', () => {
  test('asked for, sent and received, each on record', () =>
    withTwo(async (two) => {
      const { session, brand, pub, pubCard: to } = two;
      const request = await ask(two);
      const { parcel } = await sendToMember(brand, { to, request, manifest: PEOPLE_FILE });
      await writeFile(session.path('parcel.age'), parcel);
      const received = await receiveFromMember(pub, {
        file: session.path('parcel.age'),
        manifest: PEOPLE_FILE,
        key: 'age:b.key',
      });
      expect(received).toMatchObject({
        sender: { body: { id: 'brand' } },
        stored: { envelope: { generation: 1, isRoleBound: true } },
      });
      expect((await actionsOf(session)).at(-1)).toMatch(/^send/);
    }));

  test('not to a receiver without a role, which is on record', () =>
    withTwo(
      async (two) => {
        const { session, brand, pubCard: to } = two;
        const sent = sendToMember(brand, { to, request: await ask(two), manifest: PEOPLE_FILE });
        await expect(sent).rejects.toThrow(/`receive` needs the role/);
        expect((await actionsOf(session)).at(-1)).toBe('refuse send');
      },
      'sol',
      'brand',
    ));

  test('not by somebody without a role, nor without the manifest', () =>
    withTwo(async (two) => {
      const { session, brand, pubCard: to } = two;
      const request = await ask(two);
      await expect(sendToMember(brand, { to, request })).rejects.toThrow(/`send` needs a manifest with people/);
      await session.becomes('abe');
      // The card is of the key before, and so the home is none of its member's.
      const sent = sendToMember(brand, { to, request, manifest: PEOPLE_FILE });
      await expect(sent).rejects.toMatchObject({ code: 'CUSTODY_KEY' });
      expect(await actionsOf(session)).toEqual(['create new', 'refuse send']);
    }));

  test('a damaged request is told by its file', () =>
    withTwo(async (two) => {
      const request = { text: (await ask(two)).text.slice(0, -30), file: '/request.json' };
      const sent = sendToMember(two.brand, { to: two.pubCard, request, manifest: PEOPLE_FILE });
      await expect(sent).rejects.toMatchObject({ code: 'CUSTODY_MESSAGE', where: { file: '/request.json' } });
    }));

  test('asking needs a card that is pinned, and a collaboration', () =>
    withTwo(async (two) => {
      await expect(ask(two, { from: two.pubCard })).rejects.toMatchObject({ code: 'CUSTODY_MESSAGE' });
      await expect(ask(two, { collaboration: {} })).rejects.toMatchObject({ code: 'USAGE_OPTION' });
      await expect(ask(two, { days: 31 })).rejects.toMatchObject({ code: 'USAGE_OPTION' });
    }));

  test('receiving needs a key', () =>
    withTwo(async ({ pub }) => {
      await expect(receiveFromMember(pub, { file: '/none' })).rejects.toMatchObject({ code: 'USAGE_OPTION' });
    }));
});

describe('verifyMemberCard', () => {
  async function withCards(
    work: (own: MemberEnvironment, card: FileText, session: HomeSession) => Promise<void>,
  ): Promise<void> {
    await using session = await HomeSession.start();
    const [own, other] = [environmentOf(session), environmentOf(session, { home: session.path('other') })];
    const { home, card } = await createMember(own, { id: 'shoe', name: 'Shoe Ltd', isClassic: true });
    expect(home).toBe(session.path('home'));
    expect(card.body).toMatchObject({ id: 'shoe', name: 'Shoe Ltd', created: NOW().toISOString() });
    await createMember(other, { id: 'news', isClassic: true });
    await work(own, await readHomeCard(other), session);
  }

  const pinned = (session: HomeSession): Promise<string[]> => session.session.names();

  test('pins nothing if nobody says anything, or something else', () =>
    withCards(async (own, card, session) => {
      const told = await verifyMemberCard(own, { card, replaces: false, isSame: null });
      expect(told).toMatchObject({ isPinned: false, digits: expect.stringMatching(/^(\d{5} ){11}\d{5}$/) as string });
      const before = await pinned(session);
      const isSame = (): Promise<boolean> => Promise.resolve(false);
      const verified = verifyMemberCard(own, { card, replaces: false, isSame });
      await expect(verified).rejects.toMatchObject({ code: 'CUSTODY_MESSAGE' });
      expect(await pinned(session)).toEqual(before);
      const asked = requestFromMember(own, { from: card, collaboration: { id: ID }, generation: null, days: 7 });
      await expect(asked).rejects.toMatchObject({ code: 'CUSTODY_MESSAGE' });
    }));

  test('says how many other cards of the member are pinned', () =>
    withCards(async (own, card, session) => {
      const others: number[] = [];
      const isSame = ({ otherCards }: { readonly otherCards: number }): Promise<boolean> => {
        others.push(otherCards);
        return Promise.resolve(true);
      };
      await verifyMemberCard(own, { card, replaces: false, isSame });
      const again = environmentOf(session, { home: session.path('again') });
      await createMember(again, { id: 'news', isClassic: true });
      await verifyMemberCard(own, { card: await readHomeCard(again), replaces: true, isSame });
      expect(others).toEqual([0, 1]);
    }));

  test('refuses a text that is no card, and its own card', () =>
    withCards(async (own) => {
      const isSame = (): Promise<boolean> => expect.unreachable();
      const wrong = { text: '{}', file: '/card.json' };
      const verified = verifyMemberCard(own, { card: wrong, replaces: false, isSame });
      await expect(verified).rejects.toMatchObject({ code: 'CUSTODY_MESSAGE' });
      const itself = verifyMemberCard(own, { card: await readHomeCard(own), replaces: false, isSame });
      await expect(itself).rejects.toMatchObject({ code: 'CUSTODY_MESSAGE' });
    }));
});
