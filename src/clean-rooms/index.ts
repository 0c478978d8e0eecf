/** AWS Clean Rooms itself: a manifest from a running collaboration, and queries that are sent to it once they are checked. */
export { CleanRoomsConnection } from './connection.ts';
export { describeLeftOut, type ImportedManifest, importManifest } from './import-manifest.ts';
export { accountOfMember } from './import-parts.ts';
export { fetchCollaboration } from './fetch-collaboration.ts';
export { type ProtectedQueryResult, type ResultPlace, runProtectedQuery } from './protected-query.ts';
export { downloadResult, openResultStore, type ResultStore, showLocation } from './results.ts';
