import { parseManifest } from 'sealroom/collab';
import { claimedCaller, type QueryRequest, resolveRequest, type Verdict } from 'sealroom/query';
import type { Room } from 'sealroom/room';
import { describe, expect, test } from 'vitest';
import { VerdictCache } from '#src/room/run/verdict-cache';
import { manifestOfContext } from '../../support/manifests.ts';

const MANIFEST = parseManifest(JSON.stringify(manifestOfContext('agg')));

/** A room as far as verdicts are kept for it. */
function roomOf(): Room {
  const files = { auditDirectory: '', verifierFile: '' };
  return { directory: '/room', manifest: MANIFEST, manifestText: '', tables: [], ...files };
}

function verdict(code: 'TOO_LARGE' | 'CHECK_STOPPED' = 'TOO_LARGE', message = ''): Verdict {
  const finding = { code, span: { start: 0, end: 0 }, message, help: '', rule: null };
  return { allowed: false, findings: [finding], obligations: [], tables: [] };
}

/** A cache, and how often it had something checked. */
class Counted {
  readonly #cache = new VerdictCache();
  checks = 0;

  async find(room: Room, sql: string, more: Partial<QueryRequest> = {}, answer = verdict()): Promise<Verdict> {
    const request = { caller: claimedCaller('brand'), receivers: [], query: { kind: 'text', sql }, ...more } as const;
    return this.#cache.find(room, resolveRequest(request, MANIFEST), () => {
      this.checks += 1;
      return Promise.resolve(answer);
    });
  }
}

describe('a verdict', () => {
  test('is decided once for the same words of the same member', async () => {
    const [cache, room] = [new Counted(), roomOf()];
    expect(await cache.find(room, 'SELECT 1')).toBe(await cache.find(room, 'SELECT 1'));
    expect(cache.checks).toBe(1);
  });

  test.each<[string, string, Partial<QueryRequest>]>([
    ['another text', 'SELECT  1', {}],
    ['another member', 'SELECT 1', { caller: claimedCaller('pub') }],
    ['another receiver', 'SELECT 1', { receivers: ['pub'] }],
    ['a template', 'SELECT 1', { query: { kind: 'template', id: 'a', parameters: {} } }],
  ])('is decided anew for %s', async (_what, sql, more) => {
    const [cache, room] = [new Counted(), roomOf()];
    await cache.find(room, 'SELECT 1');
    await cache.find(room, sql, more);
    expect(cache.checks).toBe(2);
  });

  test('is decided anew for other values of a parameter, and for another number of rows', async () => {
    const [cache, room] = [new VerdictCache(), roomOf()];
    let checks = 0;
    const ask = (value: string, maxRows?: number): Promise<Verdict> => {
      const query = { kind: 'template', id: 'a', parameters: { day: value } } as const;
      const request = resolveRequest({ caller: claimedCaller('brand'), receivers: [], query }, MANIFEST, maxRows);
      return cache.find(room, request, () => Promise.resolve(verdict('TOO_LARGE', String((checks += 1)))));
    };
    for (const [value, maxRows] of [['1'], ['2'], ['1', 5], ['1']] as const) await ask(value, maxRows);
    expect(checks).toBe(3);
  });

  test('is decided anew in a room that was read anew, also when its check began before that', async () => {
    const [cache, before, after] = [new VerdictCache(), roomOf(), roomOf()];
    const query = { kind: 'text', sql: 'SELECT 1' } as const;
    const request = resolveRequest({ caller: claimedCaller('brand'), receivers: [], query }, MANIFEST);
    let finish: (verdict: Verdict) => void = () => undefined;
    const slow = cache.find(before, request, () => new Promise((resolve) => (finish = resolve)));
    const current = await cache.find(after, request, () => Promise.resolve(verdict()));
    const old = verdict();
    finish(old);
    expect(await slow).toBe(old);
    expect(await cache.find(after, request, () => Promise.reject(new Error('checked')))).toBe(current);
    await expect(cache.find(before, request, () => Promise.reject(new Error('checked')))).rejects.toThrow('checked');
  });

  test('is not kept when the check was stopped, or when it failed', async () => {
    const [cache, room] = [new Counted(), roomOf()];
    await cache.find(room, 'SELECT 1', {}, verdict('CHECK_STOPPED'));
    await cache.find(room, 'SELECT 1');
    expect(cache.checks).toBe(2);
  });

  test('gives way to newer ones, the one first that was not asked for the longest time', async () => {
    const [cache, room] = [new Counted(), roomOf()];
    for (let number = 0; number < 2000; number += 1) await cache.find(room, String(number));
    await cache.find(room, '0');
    expect(cache.checks).toBe(2000);
    await cache.find(room, 'one more');
    await cache.find(room, '0');
    await cache.find(room, '2');
    expect(cache.checks).toBe(2001);
    await cache.find(room, '1');
    expect(cache.checks).toBe(2002);
  });

  test('gives way when all of them together are too long', async () => {
    const [cache, room] = [new Counted(), roomOf()];
    const long = verdict('TOO_LARGE', 'x'.repeat(17 << 20));
    await cache.find(room, 'one', {}, long);
    await cache.find(room, 'two', {}, long);
    await cache.find(room, 'two');
    expect(cache.checks).toBe(2);
    await cache.find(room, 'one');
    expect(cache.checks).toBe(3);
  });
});
