/** Collaborations: their settings, offline or from AWS Clean Rooms. No I/O but that one call. */
export type { CleanRoomsOptions, CollaborationSource } from './clean-rooms.ts';
export { createCleanRoomsClient, fetchCollaborationSettings } from './clean-rooms.ts';
export type { CollaborationSettings } from './settings.ts';
export { HIGH_ASSURANCE, LOW_ASSURANCE, parseSettings, readSettings, SETTING_NAMES } from './settings.ts';
