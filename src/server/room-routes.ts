import { Hono } from 'hono';
import { SealroomError } from '../errors/index.ts';
import { removeTable, type Room, type RoomTable, updateRoom } from '../room/index.ts';
import type { ManifestUpdate, RoomView, RowsRemoved } from '../wire/index.ts';
import type { AppParts } from './app-parts.ts';
import { requireKeyRole, requireOwnTable } from './ask.ts';
import { readText } from './body.ts';
import type { RequestSender, ServerEnv } from './caller.ts';
import { openForMembers } from './gate.ts';
import { LimitedTurns } from './limits.ts';
import { notFound } from './problems.ts';

/** The most bytes of a manifest that comes over the network: it is parsed at once, and nothing else is answered meanwhile. */
const MAX_MANIFEST_BYTES = 1 << 20;

/** How many manifests of one member may be on their way. */
const BODIES_EACH = 2;

const YAML = 'application/yaml';

/** What the errors of a manifest call it; members are not told. */
const MANIFEST_NAME = 'manifest';

/** `/v1/room`, `/v1/manifest` and `/v1/tables/:table/rows`. */
export function roomRoutes(parts: AppParts): Hono<ServerEnv> {
  const { admission, now, allowClockJump } = parts;
  const { reader } = admission;
  const { directory } = reader;
  const bodies = new LimitedTurns(Infinity, BODIES_EACH);
  const updates = new LimitedTurns(1);
  const app = new Hono<ServerEnv>();

  app.get('/v1/room', async (c) => {
    const room = await openForMembers(reader);
    const checkpoint = await admission.log.checkpoint();
    return c.json<RoomView>(viewOf(room, c.get('caller'), checkpoint, parts));
  });

  app.get('/v1/manifest', async (c) => {
    const { manifest, manifestText } = await openForMembers(reader);
    return c.body(manifestText, 200, { 'content-type': YAML, etag: `"${manifest.sha256}"` });
  });

  app.put('/v1/manifest', async (c) => {
    const caller = c.get('caller');
    requireKeyRole((await openForMembers(reader)).manifest, caller, 'sign');
    const replaces = readIfMatch(c.req.header('if-match'));
    // However slowly it comes, others can change the manifest meanwhile.
    const text = await bodies.take(caller.member, () => readText(c, YAML, MAX_MANIFEST_BYTES));
    return updates.take(caller.member, async () => {
      requireKeyRole((await openForMembers(reader)).manifest, caller, 'sign');
      const update = { directory, manifest: text, manifestFile: MANIFEST_NAME, now, allowClockJump, replaces };
      const { manifest, removed, withdrawn } = await updateRoom(update);
      return c.json<ManifestUpdate>({ manifestSha256: manifest.sha256, removed, withdrawn });
    });
  });

  app.delete('/v1/tables/:table/rows', async (c) => {
    const caller = c.get('caller');
    const room = await openForMembers(reader);
    const name = c.req.param('table');
    requireOwnTable(room.manifest, caller, name);
    const { snapshot = null } = room.tables.find((table) => table.name === name) ?? {};
    if (snapshot === null) throw notFound();
    const snapshotSha256 = await removeTable(directory, name, now, { allowClockJump }).catch((error: unknown) => {
      // Somebody else removed it meanwhile.
      throw error instanceof SealroomError && error.code === 'USAGE_OPTION' ? notFound() : error;
    });
    return c.json<RowsRemoved>({ snapshotSha256 });
  });

  return app;
}

/** The hash in `If-Match`. */
function readIfMatch(header: string | undefined): string {
  const sha256 = /^"([0-9a-f]{64})"$/.exec(header ?? '')?.[1];
  if (sha256 !== undefined) return sha256;
  throw new SealroomError('USAGE_OPTION', '`If-Match` must be the hash of the manifest in force, in quotes');
}

/** A room as the member sees it that asks. */
function viewOf(
  { manifest, tables }: Room,
  { member, person, roles }: RequestSender,
  checkpoint: string,
  { origin, limits }: Pick<AppParts, 'origin' | 'limits'>,
): RoomView {
  return {
    collaboration: manifest.id,
    name: manifest.name,
    manifestSha256: manifest.sha256,
    origin,
    you: { member, person, roles },
    tables: tables.map((table) => viewOfTable(table, member)),
    templates: manifest.templates.map(({ id, parameters, approvedBy }) => ({ id, parameters, approvedBy })),
    limits,
    checkpoint,
  };
}

function viewOfTable({ name, owner, columns, snapshot }: RoomTable, member: string): RoomView['tables'][number] {
  const isOwn = owner === member;
  return {
    name,
    owner,
    columns: columns.map(({ name: column, protection, type }) => ({ name: column, protection, type })),
    isLoaded: snapshot !== null,
    ...(snapshot === null || !isOwn
      ? {}
      : { snapshot: { rows: snapshot.rows, sha256: snapshot.sha256, loadedAt: snapshot.loadedAt } }),
  };
}
