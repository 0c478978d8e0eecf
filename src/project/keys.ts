/** The texts that a project file can have, each a default of the option of that name. */
export const PROJECT_KEYS = ['id', 'as', 'home', 'manifest', 'room', 'key', 'trust'] as const;

/** One of {@link PROJECT_KEYS}. */
export type ProjectKey = (typeof PROJECT_KEYS)[number];

/** Whether a room is named by its address, and not by its directory. */
export function isRoomAddress(room: string): boolean {
  return /^https?:/i.test(room);
}
