/** The room's side of a room over the network. Loaded only by what serves one, since its packages are optional. */
export { createApp } from './app.ts';
export type { Answered, AppParts } from './app-parts.ts';
export type { RequestSender, ServerEnv } from './caller.ts';
export { type JobLimits, Jobs, type JobsOptions, type LoadOrder } from './jobs/jobs.ts';
export type { TlsOptions } from './certificate-files.ts';
export { completeConfiguration, type Configuration, parseConfiguration, type ServeConfig } from './config.ts';
export type { ListenPlace } from './listen.ts';
export { describeApi } from './openapi.ts';
export { serveRoom, type ServeOptions } from './serve.ts';
export { Uploads, type UploadLimits, type UploadsOptions } from './uploads/uploads.ts';
