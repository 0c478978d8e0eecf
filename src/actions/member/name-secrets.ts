import type { Manifest } from '../../collab/index.ts';
import { type Envelope, type FileText, fullSecretIdOf, listEnvelopes, loadSharedSecret } from '../../custody/index.ts';
import { parseCollaborationId } from '../../crypto/index.ts';
import { authorise } from './authorise.ts';
import { homeOf, type MemberEnvironment } from './environment.ts';
import { askingOnce } from './load-secret.ts';
import { readDraft } from './trusted-manifest.ts';

/** The options of {@link nameSecrets}. */
export interface NameRequest {
  readonly manifest: FileText;
  /** The only generation to name; default: all in the home. */
  readonly generation?: number | undefined;
  /** URI of the key that opens the envelopes; default: `SEALROOM_KEY`, else the keys that they name. */
  readonly key?: string | undefined;
}

/** A manifest that names secrets. */
export interface NamedSecrets {
  /** The full ids of the secrets of the home, by generation. */
  readonly secretIds: Readonly<Record<string, string>>;
  /** The generations that the manifest did not name before. */
  readonly added: readonly string[];
  /** The text of the manifest, unchanged if nothing was added. */
  readonly text: string;
  /** Whether members had signed it before something was added, and have to sign again. */
  readonly isSignedNoMore: boolean;
}

/**
 * Opens the secrets that the home has of a collaboration, and writes their full ids into the text of its manifest. A secret from the
 * environment, which has no generation, gets the first one unless another is given.
 *
 * @throws {SealroomError} CUSTODY_KEY if the manifest names another secret for a generation; as `readDraft`, `loadSharedSecret` and
 *   `authorise`.
 */
export async function nameSecrets(
  given: MemberEnvironment,
  { manifest: file, generation: only, key }: NameRequest,
): Promise<NamedSecrets> {
  const environment = askingOnce(given);
  const { insertSecretIds, requireNamedSecret } = await import('../../collab/index.ts');
  const manifest = await readDraft(environment, file);
  const secretIds: Record<string, string> = {};
  for (const { generation, fullId } of await openAll(environment, manifest, { only, key })) {
    if (manifest.secretIds?.[String(generation)] !== undefined) requireNamedSecret(manifest, { generation, fullId });
    secretIds[String(generation)] = fullId;
  }
  const added = Object.keys(secretIds).filter((generation) => manifest.secretIds?.[generation] === undefined);
  if (added.length === 0) return { secretIds, added, text: file.text, isSignedNoMore: false };
  const text = insertSecretIds(file.text, secretIds);
  return { secretIds, added, text, isSignedNoMore: manifest.signatures.length > 0 };
}

interface OpenedSecret {
  /** `null` if it is from the environment. */
  readonly envelope: Envelope | null;
  readonly generation: number;
  readonly fullId: string;
}

/** Opens the wanted secret, or else all that the home has. */
async function openAll(
  environment: MemberEnvironment,
  manifest: Manifest,
  { only, key }: Pick<NameRequest, 'key'> & { readonly only: number | undefined },
): Promise<readonly OpenedSecret[]> {
  const first = await open(environment, manifest, { generation: only, key });
  if (only !== undefined || first.envelope === null) return [first];
  const places = await listEnvelopes(homeOf(environment), first.envelope.collaborationId);
  const opened: OpenedSecret[] = [];
  for (const { generation } of places.filter((place) => place.generation !== first.generation)) {
    opened.push(await open(environment, manifest, { generation, key }));
  }
  return [...opened, first];
}

async function open(
  environment: MemberEnvironment,
  manifest: Manifest,
  { generation, key }: Pick<NameRequest, 'generation' | 'key'>,
): Promise<OpenedSecret> {
  const collaborationId = parseCollaborationId(manifest.id);
  const { home } = environment;
  const check = async (envelope: Envelope | null): Promise<void> => {
    await authorise(homeOf(environment), { action: 'name', envelope, manifest });
  };
  const request = { collaborationId, generation, key, home, purpose: 'name', authorise: check };
  using held = await loadSharedSecret(request, environment);
  const fullId = fullSecretIdOf(held.secret, collaborationId);
  return { envelope: held.envelope, generation: held.generation ?? generation ?? 1, fullId };
}
