import type { Context } from 'hono';
import type { ServerEnv } from './caller.ts';

/**
 * Answers with a body in blocks, as they come. What fails before the first block is thrown; what fails later breaks the body off, and
 * nothing of it is told: what sends the body may print the error.
 */
export async function streamBody(
  c: Context<ServerEnv>,
  blocks: AsyncGenerator<Uint8Array>,
  headers: Readonly<Record<string, string>>,
): Promise<Response> {
  let next = await blocks.next();
  if (c.req.method === 'HEAD') {
    await blocks.return(undefined);
    return c.body(null, 200, { ...headers });
  }
  const body = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      if (next.done === true) {
        controller.close();
        return;
      }
      controller.enqueue(next.value);
      try {
        next = await blocks.next();
      } catch {
        controller.error(new Error('the body breaks off'));
      }
    },
    cancel: async () => {
      await blocks.return(undefined);
    },
  });
  return c.body(body, 200, { ...headers });
}
