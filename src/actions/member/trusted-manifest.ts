import type { KeyStatus, KnownKey, Manifest, SignatureStatus } from '../../collab/index.ts';
import type { FileText } from '../../custody/index.ts';
import { recordingRefusal } from './authorise.ts';
import { homeOf, type MemberEnvironment } from './environment.ts';

/** The environment that the trust in a manifest depends on. */
export type TrustEnvironment = Pick<MemberEnvironment, 'env' | 'cwd' | 'home' | 'warn'>;

/** What chooses a home. */
type HomeChoice = Pick<MemberEnvironment, 'env' | 'cwd' | 'home'>;

/** A manifest as somebody gives it. */
export interface ManifestFile extends FileText {
  /** Whether it is used even if members have not signed it. */
  readonly isUnsigned?: boolean | undefined;
}

/**
 * Reads a manifest that all members have signed, with keys that are not others than the home knows. A refusal because of missing signatures
 * is recorded in the home if the manifest has roles.
 *
 * @param purpose what the manifest is read for, for the log
 * @throws {SealroomError} MANIFEST_SIGNATURE if a signature does not hold or is by another key than those that the home knows of its
 *   member, the manifest has another key of a member, or the home is of none of the members; MANIFEST_UNSIGNED if a signature is missing, unless the caller takes it unsigned; MANIFEST_* as `parseManifest`; errors of
 *   the cards of the home.
 */
export async function readTrustedManifest(
  environment: TrustEnvironment,
  given: ManifestFile,
  purpose: string,
): Promise<Manifest> {
  const { hasRoles, isKnownSigner, listUnsigned, requireSignatures } = await importCollab();
  const { manifest, states, keys } = await read(environment, given);
  const missing = listUnsigned(states);
  if (given.isUnsigned !== true) {
    const act = (): void => {
      requireSignatures(states, nameOf(given, manifest));
    };
    const about = { collaborationId: manifest.id, envelope: null, purpose };
    if (hasRoles(manifest)) await recordingRefusal(homeOf(environment), about, act);
    else act();
  }
  if (missing.length > 0) environment.warn(describeRisk(missing));
  else if (!keys.some(isKnownSigner)) environment.warn(UNKNOWN_SIGNERS);
  else {
    const own = keys.filter(({ isOwnMember }) => isOwnMember);
    if (own.length > 0 && !own.some(isKnownSigner)) environment.warn(describeOwnSigner(own));
  }
  return manifest;
}

const describeRisk = (missing: readonly string[]): string =>
  `the manifest is not signed by ${missing.join(', ')}: whoever passed it on can have changed its id, settings, secret ids, keys, ` +
  'columns, rules, budgets and templates';

const describeOwnSigner = ([own]: readonly KeyStatus[]): string =>
  `your home does not know the key that signed the manifest for ${own?.member ?? ''}, its own member: whoever changed the manifest can have ` +
  'put it there; pin the cards of your rule approvers with `sealroom member verify`';

const UNKNOWN_SIGNERS =
  'your home knows no key that signed the manifest: anybody can have made it; pin the cards of its members with `sealroom member verify`';

/**
 * Reads a manifest that may still lack signatures, because what it is read for comes before them. Those that it has must hold.
 *
 * @throws {SealroomError} as {@link readTrustedManifest}, except MANIFEST_UNSIGNED
 */
export async function readDraft(environment: HomeChoice, given: FileText): Promise<Manifest> {
  return (await read(environment, given)).manifest;
}

/** Reads a manifest whose signatures, as far as there are any, hold, and whose keys are not others than the home knows. */
async function read(
  environment: HomeChoice,
  given: FileText,
): Promise<{
  readonly manifest: Manifest;
  readonly states: readonly SignatureStatus[];
  readonly keys: readonly KeyStatus[];
}> {
  const collab = await importCollab();
  const manifest = collab.parseManifest(given.text, { file: given.file });
  const name = nameOf(given, manifest);
  const known = await listHomeKeys(environment);
  collab.requireOwnMember(manifest, known, name);
  const keys = collab.comparePinnedKeys(manifest, known);
  collab.requirePinnedKeys(keys, name);
  const states = collab.verifyManifest(manifest);
  collab.refuseBrokenSignatures(states, name);
  collab.requireKnownSigners(manifest, keys, name);
  return { manifest, states, keys };
}

const nameOf = ({ file }: FileText, { name }: Manifest): string => file ?? name;

/**
 * Compares the signing keys in a manifest with those that the home knows: the cards that are pinned in it, and its own.
 *
 * @throws {SealroomError} CUSTODY_MESSAGE if a card was changed; IO_READ.
 */
export async function compareKeys(
  environment: HomeChoice,
  manifest: Pick<Manifest, 'members'>,
): Promise<readonly KeyStatus[]> {
  const { comparePinnedKeys } = await importCollab();
  return comparePinnedKeys(manifest, await listHomeKeys(environment));
}

/** The signing keys that the home knows. @throws {SealroomError} CUSTODY_MESSAGE if a card was changed; IO_READ. */
export async function listHomeKeys(environment: HomeChoice): Promise<readonly KnownKey[]> {
  const { listKnownKeys } = await import('../../custody/index.ts');
  return listKnownKeys(homeOf(environment));
}

/** Loaded when there is a manifest: most tables are encrypted without one, and its reader loads longer than a small table takes. */
const importCollab = () => import('../../collab/index.ts');
