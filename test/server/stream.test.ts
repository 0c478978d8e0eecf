import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import type { ServerEnv } from '#src/server/index';
import { streamBody } from '#src/server/stream';

async function* blocks(fails: number, ended: { is: boolean }): AsyncGenerator<Uint8Array> {
  try {
    for (let block = 0; block < 3; block += 1) {
      if (block === fails) throw new Error('canary');
      yield Uint8Array.of(48 + block);
    }
  } finally {
    ended.is = true;
  }
}

function serve(fails: number, ended = { is: false }, method = 'GET'): Response | Promise<Response> {
  const app = new Hono<ServerEnv>();
  app.get('/', (c) => streamBody(c, blocks(fails, ended), { 'content-type': 'text/plain' }));
  app.onError((error, c) => c.text(`thrown: ${error.message}`, 500));
  return app.request('/', { method });
}

describe('a body in blocks', () => {
  test('is sent as it comes', async () => {
    expect(await (await serve(9)).text()).toBe('012');
  });

  test('throws what fails before the first block', async () => {
    expect(await (await serve(0)).text()).toBe('thrown: canary');
  });

  test('breaks off at what fails later, and does not say what that was', async () => {
    const response = await serve(2);
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow('the body breaks off');
  });

  test('ends what makes it if nobody reads it any more', async () => {
    const ended = { is: false };
    const response = await serve(9, ended);
    await response.body?.cancel();
    expect(ended.is).toBe(true);
  });

  test('is not made where only the head is asked for', async () => {
    const ended = { is: false };
    const response = await serve(9, ended, 'HEAD');
    expect(response.headers.get('content-type')).toBe('text/plain');
    expect([await response.text(), ended.is]).toEqual(['', true]);
  });
});
