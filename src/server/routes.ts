import type * as z from 'zod';
import type { ErrorCode } from '../errors/index.ts';
import {
  askBody,
  checkBody,
  jobBody,
  jobPageBody,
  manifestUpdateBody,
  roomBody,
  rowsRemovedBody,
  uploadBody,
  uploadCompletionBody,
  uploadRequestBody,
} from '../wire/index.ts';

/** The content of a body: its `Content-Type`, and for JSON its shape. */
export interface Content {
  readonly type: string;
  readonly shape?: z.ZodType;
}

/** A header of a request, or a parameter in the query of its address. */
export interface Parameter {
  readonly name: string;
  readonly in: 'header' | 'query';
  readonly isRequired: boolean;
  readonly is: string;
}

/** A success. */
export interface Success {
  readonly is: string;
  readonly content?: Content;
  /** Headers, and what they say. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a route takes and gives. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With `:name` for values. */
  readonly path: string;
  /** What it is for, in a sentence. */
  readonly summary: string;
  /** Who may: any member, a role, or those whom it concerns. Everybody else gets 404, or 403 for a missing role. */
  readonly who: string;
  /** Whether the room writes to its log for it, now or later. */
  readonly isRecorded?: boolean;
  /** Whether no signature is asked for. */
  readonly isPublic?: boolean;
  readonly parameters?: readonly Parameter[];
  readonly body?: Content;
  readonly successes: Readonly<Record<number, Success>>;
  /** What it is refused with, besides what any request is. */
  readonly refusals: readonly ErrorCode[];
}

const TEXT = 'text/plain; charset=utf-8';

function json(shape: z.ZodType): Content {
  return { type: 'application/json', shape };
}

function ok(is: string, content?: Content, headers?: Success['headers']): Success {
  return { is, ...(content === undefined ? {} : { content }), ...(headers === undefined ? {} : { headers }) };
}

function inQuery(name: string, is: string, isRequired = false): Parameter {
  return { name, in: 'query', isRequired, is };
}

function inHeader(name: string, is: string, isRequired = true): Parameter {
  return { name, in: 'header', isRequired, is };
}

const CHANGES: readonly ErrorCode[] = ['SERVER_BUSY'];

/** The routes of a room itself. */
const ROOM_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/room',
    summary: 'The room, its tables and templates, and whose key signed the request.',
    who: 'any member; the rows that are loaded are told to the owner of a table only',
    successes: { 200: ok('the room', json(roomBody)) },
    refusals: [],
  },
  {
    method: 'GET',
    path: '/v1/manifest',
    summary: 'The manifest in force.',
    who: 'any member',
    successes: {
      200: ok('its text', { type: 'application/yaml' }, { etag: 'SHA-256 of what all members signed, in quotes' }),
    },
    refusals: [],
  },
  {
    method: 'PUT',
    path: '/v1/manifest',
    summary: 'Brings another version of the manifest into force.',
    who: 'RULE_APPROVER; all members of the one in force have signed it, with the keys that they have there',
    parameters: [inHeader('If-Match', 'SHA-256 of the manifest that it replaces, in quotes')],
    body: { type: 'application/yaml' },
    isRecorded: true,
    successes: { 200: ok('it is in force', json(manifestUpdateBody)) },
    refusals: [
      ...CHANGES,
      'RULE_ROLE',
      'USAGE_OPTION',
      'MANIFEST_CHANGED',
      'MANIFEST_OLD',
      'MANIFEST_SYNTAX',
      'MANIFEST_INVALID',
      'MANIFEST_UNSUPPORTED',
      'MANIFEST_UNSIGNED',
      'MANIFEST_SIGNATURE',
    ],
  },
  {
    method: 'POST',
    path: '/v1/checks',
    summary: 'What would happen to a question. Nothing runs, nothing is spent and nothing is recorded.',
    who: 'QUERY_MEMBER',
    body: json(askBody),
    successes: { 200: ok('the verdict, which may be a refusal', json(checkBody)) },
    refusals: ['SERVER_BUSY', 'RULE_ROLE', 'USAGE_OPTION'],
  },
  {
    method: 'DELETE',
    path: '/v1/tables/:table/rows',
    summary: 'Removes the rows of a table.',
    who: 'DATA_STEWARD of the owner',
    isRecorded: true,
    successes: { 200: ok('they are removed', json(rowsRemovedBody)) },
    refusals: [...CHANGES, 'RULE_ROLE', 'SERVER_NOT_FOUND'],
  },
];

/** The routes of queries and other jobs. */
const JOB_ROUTES: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/queries',
    summary: 'Asks a question, which a job answers.',
    who: 'QUERY_MEMBER',
    parameters: [inHeader('Idempotency-Key', 'a UUID: under the same, the same question is asked once')],
    body: json(askBody),
    isRecorded: true,
    successes: { 202: ok('the job', json(jobBody), { location: 'where the job is' }) },
    refusals: [
      ...CHANGES,
      'RULE_ROLE',
      'USAGE_OPTION',
      'IDEMPOTENCY_KEY',
      'IDEMPOTENCY_MISMATCH',
      'SERVER_QUEUE_FULL',
      'SERVER_DRAINING',
    ],
  },
  {
    method: 'GET',
    path: '/v1/jobs',
    summary: 'The jobs that the member asked for or receives results of, newest first.',
    who: 'any member',
    parameters: [
      inQuery('state', 'only those in this state'),
      inQuery('after', 'the job that the page before ends with'),
    ],
    successes: { 200: ok('a page of them', json(jobPageBody)) },
    refusals: ['USAGE_OPTION'],
  },
  {
    method: 'GET',
    path: '/v1/jobs/:id',
    summary: 'A job as it is now.',
    who: 'the member who asked, and the receivers',
    parameters: [inHeader('Prefer', '`wait=` and seconds: how long the answer is held until the state changes', false)],
    successes: { 200: ok('the job', json(jobBody)) },
    refusals: ['SERVER_NOT_FOUND'],
  },
  {
    method: 'DELETE',
    path: '/v1/jobs/:id',
    summary: 'Cancels a job. What it has spent remains spent.',
    who: 'the member who asked',
    successes: { 202: ok('the job', json(jobBody)) },
    refusals: ['RULE_ROLE', 'SERVER_NOT_FOUND'],
  },
  {
    method: 'GET',
    path: '/v1/jobs/:id/events',
    summary: 'The states of a job as they come, from the present one to the last.',
    who: 'the member who asked, and the receivers',
    parameters: [inHeader('Last-Event-ID', 'the event that was seen last', false)],
    successes: { 200: ok('an event for each state, whose data is the job', { type: 'text/event-stream' }) },
    refusals: ['SERVER_NOT_FOUND', 'SERVER_RATE'],
  },
  {
    method: 'GET',
    path: '/v1/jobs/:id/result',
    summary: 'The result of a query, as a package that its receivers can open.',
    who: 'the receivers',
    successes: { 200: ok('the package', { type: 'application/vnd.age' }, { 'repr-digest': 'its SHA-256' }) },
    refusals: ['RULE_ROLE', 'SERVER_NOT_FOUND', 'JOB_NOT_RELEASED', 'RESULT_EXPIRED'],
  },
  {
    method: 'DELETE',
    path: '/v1/jobs/:id/result',
    summary: 'Says that the member has the result. The room removes it when all receivers said so.',
    who: 'the receivers',
    successes: { 204: ok('it is noted') },
    refusals: ['RULE_ROLE', 'SERVER_NOT_FOUND', 'JOB_NOT_RELEASED', 'RESULT_EXPIRED'],
  },
];

/** The routes by which rows of tables are sent. */
const UPLOAD_ROUTES: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/tables/:table/uploads',
    summary: 'Announces a file with the rows of a table.',
    who: 'DATA_STEWARD of the owner',
    body: json(uploadRequestBody),
    successes: { 201: ok('the upload', json(uploadBody), { location: 'where its parts go' }) },
    refusals: ['RULE_ROLE', 'RULE_SOURCE', 'SERVER_NOT_FOUND', 'SERVER_TOO_LARGE'],
  },
  {
    method: 'GET',
    path: '/v1/uploads/:id',
    summary: 'How much of a file the room has.',
    who: 'the owner',
    successes: { 200: ok('the upload', json(uploadBody), { 'upload-offset': 'bytes that the room has' }) },
    refusals: ['SERVER_NOT_FOUND'],
  },
  {
    method: 'PATCH',
    path: '/v1/uploads/:id',
    summary: 'Sends the next part of a file.',
    who: 'the owner',
    parameters: [inHeader('Upload-Offset', 'where it begins: bytes that the room has')],
    body: { type: 'application/partial-upload' },
    successes: { 204: ok('the room has it', undefined, { 'upload-offset': 'bytes that the room has now' }) },
    refusals: ['SERVER_NOT_FOUND', 'SERVER_TOO_LARGE', 'UPLOAD_OFFSET'],
  },
  {
    method: 'POST',
    path: '/v1/uploads/:id/complete',
    summary: 'Ends an upload, which a job then loads.',
    who: 'the owner',
    body: json(uploadCompletionBody),
    isRecorded: true,
    successes: { 202: ok('the job', json(jobBody), { location: 'where the job is' }) },
    refusals: [...CHANGES, 'SERVER_NOT_FOUND', 'SERVER_QUEUE_FULL', 'UPLOAD_INCOMPLETE'],
  },
  {
    method: 'DELETE',
    path: '/v1/uploads/:id',
    summary: 'Gives up an upload.',
    who: 'the owner',
    successes: { 204: ok('it is gone') },
    refusals: ['SERVER_NOT_FOUND'],
  },
];

/** The routes of the audit log. */
const AUDIT_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/audit/checkpoint',
    summary: 'The signed checkpoint of the audit log.',
    who: 'any member',
    successes: { 200: ok('a signed note', { type: TEXT }) },
    refusals: [],
  },
  {
    method: 'GET',
    path: '/v1/audit/records',
    summary: 'What concerns the member in the audit log.',
    who: 'AUDITOR',
    successes: { 200: ok('a line of JSON for each record, with its proof', { type: 'application/jsonl' }) },
    refusals: ['SERVER_BUSY', 'RULE_ROLE'],
  },
  {
    method: 'GET',
    path: '/v1/audit/records/:index/proof',
    summary: 'The proof that a record is in the audit log.',
    who: 'members whom it concerns',
    successes: { 200: ok('text of c2sp.org/tlog-proof', { type: TEXT }) },
    refusals: ['SERVER_BUSY', 'USAGE_OPTION', 'SERVER_NOT_FOUND'],
  },
  {
    method: 'GET',
    path: '/v1/audit/growth',
    summary: 'The proof that the audit log grew out of its first records.',
    who: 'any member',
    parameters: [inQuery('from', 'how many records that are', true)],
    successes: { 200: ok('text as in c2sp.org/tlog-witness', { type: TEXT }) },
    refusals: ['SERVER_BUSY', 'USAGE_OPTION', 'AUDIT_PROOF'],
  },
];

/** All routes. A request that fits none of them is refused. */
export const ROUTES: readonly Route[] = [
  ...ROOM_ROUTES,
  ...JOB_ROUTES,
  ...UPLOAD_ROUTES,
  ...AUDIT_ROUTES,
  {
    method: 'GET',
    path: '/openapi.json',
    summary: 'This description.',
    who: 'everybody',
    isPublic: true,
    successes: { 200: ok('a document of OpenAPI 3.1', { type: 'application/json' }) },
    refusals: [],
  },
];

const BY_NAME = new Map(ROUTES.map((route) => [`${route.method} ${route.path}`, route]));

/** The route with this method and this path, with its `:name`s; `null` if there is none. */
export function findRoute(method: string, path: string): Route | null {
  return BY_NAME.get(`${method} ${path}`) ?? null;
}
