import { stat } from 'node:fs/promises';
import type { Manifest, MemberSignature } from '../../collab/index.ts';
import { createSigningKey, type FileText, readOwnCard, readSigningKey } from '../../custody/index.ts';
import { SealroomError } from '../../errors/index.ts';
import { fileExists } from '../../files/index.ts';
import type { SigningKey } from '../../platform/index.ts';
import { printPublicKey } from '../../signing/index.ts';
import { recordingRefusal } from './authorise.ts';
import { compareKeys } from './trusted-manifest.ts';
import { homeOf, type MemberEnvironment } from './environment.ts';

/**
 * Returns the public half of the signing key in a file; creates the key if the file does not exist.
 *
 * @param file absolute path
 * @throws {SealroomError} as `readSigningKey` and `createSigningKey`
 */
export async function ensureSigningKey(file: string): Promise<{ readonly sign: string; readonly isNew: boolean }> {
  // The reader reports any other problem with the file.
  const isNew = (await stat(file).catch(() => null)) === null;
  const key = await (isNew ? createSigningKey(file) : readSigningKey(file));
  return { sign: printPublicKey(key), isNew };
}

/** The options of {@link signAsMember}. */
export interface SignRequest {
  readonly manifest: FileText;
  /** Id of the member that signs; default: that of the home's card. */
  readonly member: string | undefined;
  /** Absolute path of the member's signing key; default: that of the home. */
  readonly keyFile: string | undefined;
  /** Id of a template to approve instead; `null` to sign the manifest. */
  readonly template: string | null;
}

/** A manifest with one more signature. */
export interface SignedManifest {
  readonly manifest: Manifest;
  readonly signature: MemberSignature;
  /** The text of the manifest with the signature. */
  readonly text: string;
}

/**
 * Signs a manifest, or approves a template in it, as a member. A refusal by roles is recorded in the home.
 *
 * @throws {SealroomError} MANIFEST_SIGNATURE if the home knows another key of a member; as `parseManifest`, `readSigningKey`,
 *   `signManifest` and `approveTemplate`.
 */
export async function signAsMember(
  environment: Pick<MemberEnvironment, 'env' | 'cwd' | 'home' | 'now'>,
  { manifest: given, member: named, keyFile, template }: SignRequest,
): Promise<SignedManifest> {
  const member = named ?? (await ownMember(environment));
  // Loaded here, because actions on keys do not need it.
  const { approveTemplate, insertSignature, signManifest } = await import('../../collab/index.ts');
  return signInto(environment, given, keyFile, {
    sign: (manifest, key) =>
      template === null
        ? signManifest(manifest, member, key)
        : approveTemplate(manifest, template, member, key, environment.now()),
    insert: (text, signature) => insertSignature(text, signature, template),
  });
}

/**
 * Withdraws the approvals that a member has given to a template so far, in the manifest and in older copies of it. A refusal by roles is
 * recorded in the home.
 *
 * @throws {SealroomError} as {@link signAsMember} and `withdrawApproval`
 */
export async function withdrawAsMember(
  environment: Pick<MemberEnvironment, 'env' | 'cwd' | 'home' | 'now'>,
  { manifest: given, member: named, keyFile, template }: SignRequest & { readonly template: string },
): Promise<SignedManifest> {
  const member = named ?? (await ownMember(environment));
  const { insertWithdrawal, withdrawApproval } = await import('../../collab/index.ts');
  return signInto(environment, given, keyFile, {
    sign: (manifest, key) => withdrawApproval(manifest, template, member, key, environment.now()),
    insert: (text, signature) => insertWithdrawal(text, signature, template),
  });
}

/** The id on the card of the home. */
async function ownMember(environment: Pick<MemberEnvironment, 'env' | 'cwd' | 'home'>): Promise<string> {
  const home = homeOf(environment);
  if (await fileExists(home.card)) return (await readOwnCard(home)).body.id;
  throw new SealroomError('USAGE_OPTION', '`--as` is missing, and the home has no card', {
    hint: '`--as` is the id of the member that signs, as in the manifest',
  });
}

/** Makes a signature for a manifest, and puts it into its text. */
async function signInto(
  environment: Pick<MemberEnvironment, 'env' | 'cwd' | 'home'>,
  { text, file }: FileText,
  keyFile: string | undefined,
  {
    sign,
    insert,
  }: {
    readonly sign: (manifest: Manifest, key: SigningKey) => MemberSignature;
    readonly insert: (text: string, signature: MemberSignature) => string;
  },
): Promise<SignedManifest> {
  const { parseManifest, requirePinnedKeys } = await import('../../collab/index.ts');
  const manifest = parseManifest(text, { file });
  requirePinnedKeys(await compareKeys(environment, manifest), file ?? manifest.name);
  const key = await readSigningKey(keyFile ?? homeOf(environment).signingKey);
  const about = { collaborationId: manifest.id, envelope: null, purpose: 'sign' };
  const signature = await recordingRefusal(homeOf(environment), about, () => sign(manifest, key));
  const signed = insert(text, signature);
  if (parseManifest(signed).sha256 !== manifest.sha256) throw new Error('the signature changed the manifest');
  return { manifest, signature, text: signed };
}
