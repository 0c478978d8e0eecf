import { type Manifest, requireRole, type RoleAction } from '../collab/index.ts';
import { SealroomError } from '../errors/index.ts';
import { type QueryRequest, signedCaller } from '../room/index.ts';
import type { Ask } from '../wire/index.ts';
import type { RequestSender } from './caller.ts';
import { notFound } from './problems.ts';

/** A question in the form in which a room takes it. */
export function toQueryRequest(
  ask: Ask,
  { member, person, keyId }: Pick<RequestSender, 'member' | 'person' | 'keyId'>,
): QueryRequest {
  return {
    caller: signedCaller(member, person, keyId),
    receivers: ask.receivers ?? [],
    query:
      'sql' in ask
        ? { kind: 'text', sql: ask.sql }
        : { kind: 'template', id: ask.template, parameters: ask.parameters ?? {} },
    maxRows: ask.maxRows,
  };
}

/**
 * Requires that a table is the caller's, who may load it.
 *
 * @throws {SealroomError} SERVER_NOT_FOUND if there is no such table, and if it is another's; RULE_ROLE.
 */
export function requireOwnTable(
  manifest: Manifest,
  caller: Pick<RequestSender, 'member' | 'person' | 'keyId'>,
  table: string,
): void {
  if (!manifest.tables.some(({ name, owner }) => name === table && owner === caller.member)) throw notFound();
  requireKeyRole(manifest, caller, 'encrypt');
}

/**
 * Requires that a manifest still gives the caller's key to the caller, and the role that an action needs.
 *
 * @throws {SealroomError} RULE_ROLE if it does not.
 */
export function requireKeyRole(
  manifest: Manifest,
  { keyId, member, person }: Pick<RequestSender, 'member' | 'person' | 'keyId'>,
  action: RoleAction,
): void {
  const actor = requireRole(manifest, keyId, action);
  if (actor.member.id === member && (actor.person?.id ?? null) === person) return;
  throw new SealroomError('RULE_ROLE', 'the key that signed the request is that of another by now', {
    hint: 'roles are given in the manifest, which all members sign',
  });
}
