import { isMap } from 'yaml';
import { type CarriedCard, type CarriedMessage } from './carried.ts';
import { addItem, editManifest, type ManifestDocument, onOneLine } from './edit.ts';
import type { Ability } from './member.ts';

/** A member to add, with its card. */
export interface MemberDraft {
  readonly card: CarriedCard;
  readonly abilities: readonly Ability[];
  readonly payer: boolean;
}

/**
 * Adds a member to the text of a manifest by its card, or gives its card to the member of that id: its entry names the hash, and
 * `exchange` has the card. All members must sign it again.
 *
 * @param text a valid manifest
 * @throws {SealroomError} MANIFEST_* as `editManifest`.
 */
export function insertMember(text: string, { card, abilities, payer }: MemberDraft): string {
  const { id, name } = card.body;
  return editManifest(text, (document, { members, exchange }) => {
    const index = members.findIndex((member) => member.id === id);
    if (index < 0) {
      const displayName = name === id ? {} : { displayName: name };
      const entry = { id, ...displayName, abilities, ...(payer ? { payer } : {}), card: card.sha256 };
      const node = document.createNode(entry);
      if (isMap(node)) onOneLine(node.get('abilities', true));
      addItem(document, ['members'], node);
    } else {
      document.deleteIn(['members', index, 'publicKeys']);
      if (members[index]?.displayName === id && name !== id) document.setIn(['members', index, 'displayName'], name);
      document.setIn(['members', index, 'card'], card.sha256);
    }
    if (exchange.cards.some(({ sha256 }) => sha256 === card.sha256)) return;
    addCarried(document, 'cards', { ...card.body, signature: card.signature });
  });
}

/** Adds a request or a parcel to what a manifest carries. The hash of the manifest does not change. */
export function insertMessage(text: string, kind: 'requests' | 'parcels', message: CarriedMessage): string {
  return editManifest(text, (document) => {
    addCarried(document, kind, message);
  });
}

/** The text of a manifest without requests and parcels, for those whom they do not concern. */
export function withoutMessages(text: string): string {
  return editManifest(text, (document) => {
    // Who hands over the secret in another way has a manifest that carries nothing.
    if (!document.has('exchange')) return;
    for (const kind of ['requests', 'parcels']) document.deleteIn(['exchange', kind]);
  });
}

const CARRIED_COMMENT =
  ' Below is what travels in this file and is not signed: cards, which members name by their hash, requests for the secret, and parcels.';

function addCarried(document: ManifestDocument, kind: 'cards' | 'requests' | 'parcels', item: object): void {
  if (!document.has('exchange')) {
    const pair = document.createPair('exchange', {});
    pair.key.commentBefore = CARRIED_COMMENT;
    pair.key.spaceBefore = true;
    document.add(pair);
  }
  addItem(document, ['exchange', kind], document.createNode(item));
}
