import { fileExists, requireTrustedPath } from '../files/index.ts';
import type { MemberHome } from './home.ts';

/**
 * Refuses a home that other users can change, or lead the way to elsewhere: what is in it decides which secret and which keys of others
 * count. A home that does not exist is not refused.
 *
 * @throws {SealroomError} SECRET_INVALID with the directory; IO_READ if one cannot be looked at.
 */
export async function requireOwnHome({ directory }: MemberHome): Promise<void> {
  if (await fileExists(directory)) await requireTrustedPath(directory);
}
