/** The room's side of a room over the network. Loaded only by what serves one, since its packages are optional. */
export { createApp } from './app.ts';
export type { Answered, AppParts } from './app-parts.ts';
export type { Caller, ServerEnv } from './caller.ts';
export { type JobLimits, Jobs, type JobsOptions, type LoadOrder } from './jobs/jobs.ts';
export { describeApi } from './openapi.ts';
