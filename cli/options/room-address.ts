/** Whether a room is named by its address, and not by its directory. */
export function isRoomAddress(room: string): boolean {
  return /^https?:/i.test(room);
}
