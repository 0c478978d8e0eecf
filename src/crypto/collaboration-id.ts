import { SealroomError } from '../errors/index.ts';

declare const kind: unique symbol;

/** The id of a collaboration in its one form: a UUID of 36 characters in lower case. Text becomes one in {@link parseCollaborationId}. */
export type CollaborationId = string & { readonly [kind]: 'collaboration id' };

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/u;

/**
 * Parses a collaboration id into the form that keys are derived from: a UUID of 36 characters in lower case.
 *
 * C3R also accepts shortened groups and pads them; that hides typing errors, so it is refused here.
 *
 * @throws {SealroomError} USAGE_OPTION if the text is not a UUID of 36 characters.
 */
//= format F-4
export function parseCollaborationId(text: string): CollaborationId {
  const id = text.toLowerCase();
  if (!UUID.test(id)) {
    throw new SealroomError('USAGE_OPTION', 'the collaboration id must be a UUID of 36 characters', {
      hint: 'such as 00000000-1111-2222-3333-444444444444; AWS Clean Rooms shows it on the collaboration page',
    });
  }
  return id as CollaborationId;
}
