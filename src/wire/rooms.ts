import * as z from 'zod';
import { COLUMN_KINDS } from '../schema/index.ts';
import { count, memberId, name, role, sha256, text, time, uuid } from './parts.ts';

const table = z
  .strictObject({
    name,
    owner: memberId,
    columns: z.array(z.strictObject({ name, protection: z.enum(COLUMN_KINDS), type: name }).readonly()).readonly(),
    isLoaded: z.boolean(),
    /** The rows that are loaded: only the owner is told of them. */
    snapshot: z.strictObject({ rows: count, sha256, loadedAt: time }).readonly().exactOptional(),
  })
  .readonly();

const template = z
  .strictObject({
    id: name,
    parameters: z
      .array(
        z
          .strictObject({
            name,
            type: name,
            /** `null` if a question must give a value. */
            default: text.nullable(),
          })
          .readonly(),
      )
      .readonly(),
    approvedBy: z.array(memberId).readonly(),
  })
  .readonly();

/** A room, as the member sees it that asks. */
export const roomBody = z
  .strictObject({
    collaboration: uuid,
    name: text,
    /** The manifest in force. */
    manifestSha256: sha256,
    /** The address of the room, which signatures cover. */
    origin: z.url(),
    /** Whose key signed the request. */
    you: z
      .strictObject({
        member: memberId,
        /** `null` for a member that is one person, who has all roles. */
        person: name.nullable(),
        roles: z.array(role).readonly(),
      })
      .readonly(),
    tables: z.array(table).readonly(),
    templates: z.array(template).readonly(),
    limits: z.strictObject({ maxRows: count, partBytes: count, uploadBytes: count, resultBytes: count }).readonly(),
    /** The signed checkpoint of the audit log. */
    checkpoint: text,
  })
  .readonly();

/** A room, as the member sees it that asks. */
export type RoomView = z.infer<typeof roomBody>;

/** A new version of the manifest is in force. */
export const manifestUpdateBody = z
  .strictObject({
    manifestSha256: sha256,
    /** Tables whose rows were removed, because they do not match it. */
    removed: z.array(name).readonly(),
    /** Approvals in this version that do not count, because the room knows of their withdrawal. */
    withdrawn: z.array(z.strictObject({ member: memberId, template: name, time: text }).readonly()).readonly(),
  })
  .readonly();

/** A new version of the manifest is in force. */
export type ManifestUpdate = z.infer<typeof manifestUpdateBody>;

/** The rows of a table were removed. */
export const rowsRemovedBody = z.strictObject({ snapshotSha256: sha256 }).readonly();

/** The rows of a table were removed. */
export type RowsRemoved = z.infer<typeof rowsRemovedBody>;
