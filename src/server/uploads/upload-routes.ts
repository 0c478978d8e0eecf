import { type Context, Hono } from 'hono';
import { SealroomError } from '../../errors/index.ts';
import { type Upload, uploadCompletionBody, uploadRequestBody } from '../../wire/index.ts';
import { bodyBlocks, readJsonBody } from '../body.ts';
import type { ServerEnv } from '../caller.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { parseWholeNumber } from '../request.ts';
import type { Uploads } from './uploads.ts';

/** The routes of uploads. Who asks is known, and the digest that was signed; errors are thrown. */
export function uploadRoutes(uploads: Uploads, jobs: Pick<Jobs, 'submitLoad'>): Hono<ServerEnv> {
  return new Hono<ServerEnv>()
    .post('/v1/tables/:table/uploads', async (c) => {
      const request = await readJsonBody(c, uploadRequestBody);
      const upload = await uploads.start(c.get('caller'), c.req.param('table'), request);
      return describe(c, upload, 201);
    })
    .get('/v1/uploads/:id', async (c) => describe(c, await uploads.find(c.get('caller'), c.req.param('id')), 200))
    .patch('/v1/uploads/:id', async (c) => {
      const offset = await takePart(c, uploads, c.req.param('id'));
      return c.body(null, 204, { 'upload-offset': String(offset) });
    })
    .post('/v1/uploads/:id/complete', async (c) => {
      const { sha256 } = await readJsonBody(c, uploadCompletionBody);
      const job = await uploads.complete(c.get('caller'), c.req.param('id'), sha256, (caller, file) =>
        jobs.submitLoad(caller, file),
      );
      return c.json(job, 202, { location: `/v1/jobs/${job.id}` });
    })
    .delete('/v1/uploads/:id', async (c) => {
      await uploads.cancel(c.get('caller'), c.req.param('id'));
      return c.body(null, 204);
    });
}

function describe(c: Context<ServerEnv>, upload: Upload, status: 200 | 201): Response {
  const headers = { 'upload-offset': String(upload.offset) };
  return c.json(upload, status, status === 201 ? { ...headers, location: `/v1/uploads/${upload.id}` } : headers);
}

async function takePart(c: Context<ServerEnv>, uploads: Uploads, id: string): Promise<number> {
  if (c.req.header('content-type') !== 'application/partial-upload') {
    throw new SealroomError('USAGE_BODY', 'the body of a part is `application/partial-upload`');
  }
  const offset = readNumber(c.req.header('upload-offset'), 'Upload-Offset');
  const bytes = readNumber(c.req.header('content-length'), 'Content-Length');
  if (bytes === 0) throw new SealroomError('USAGE_BODY', 'a part has at least one byte');
  return uploads.addPart(c.get('caller'), id, { offset, bytes, blocks: bodyBlocks(c), digest: c.get('digest') });
}

function readNumber(text: string | undefined, header: string): number {
  const number = parseWholeNumber(text);
  if (number !== null) return number;
  throw new SealroomError('USAGE_BODY', `a part needs \`${header}\`, a whole number`);
}
