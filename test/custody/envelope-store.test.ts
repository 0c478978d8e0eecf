import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, afterEach, describe, expect, test } from 'vitest';
import { type CollaborationId, parseCollaborationId, sharedSecretFromBytes } from 'sealroom/crypto';
import { type MemberHome, memberHome } from '#src/custody/home';
import {
  destroyEnvelope,
  listEnvelopes,
  newestEnvelope,
  readEnvelope,
  storeEnvelope,
  type StoredEnvelope,
} from '#src/custody/envelope-store';
import { EnvelopeProvider } from '#src/custody/providers/envelope-provider';
import { openEnv } from '#src/custody/providers/insecure/env';
import type { KeyProvider } from '#src/custody/providers/provider';
import { unwrapEnvelope } from '#src/custody/unwrap-envelope';
import { COLLABORATION, codeOf, factsOf, madeSecret } from './providers/contract.ts';

let folder = '';
let home: MemberHome;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sealroom-test-'));
  home = memberHome({}, { cwd: folder, home: 'home' });
});

afterEach(() => rm(folder, { recursive: true }));

const OTHER = parseCollaborationId('00000000-1111-2222-3333-444444444444');

function provider(variable = 'SECRET'): KeyProvider {
  using secret = madeSecret();
  const text = secret.use((bytes) => Buffer.from(bytes).toString('base64'));
  const context = {
    env: { [variable]: text },
    cwd: folder,
    warn: () => undefined,
    askPassphrase: () => Promise.reject(new Error('asked')),
  };
  return new EnvelopeProvider('env', openEnv(variable, context));
}

interface StoreOptions {
  readonly generation?: number;
  readonly collaborationId?: CollaborationId;
  readonly by?: KeyProvider;
  readonly replaced?: StoredEnvelope | null;
}

async function store(options: StoreOptions = {}): Promise<StoredEnvelope> {
  const { generation = 1, collaborationId = COLLABORATION, by = provider(), replaced = null } = options;
  using secret = madeSecret();
  const { secretIdOf } = await import('#src/custody/secret');
  const facts = { ...factsOf(secret), generation, collaborationId, secretId: secretIdOf(secret, collaborationId) };
  return await storeEnvelope(home, await by.wrap(secret, facts), { provider: by, secret, replaced });
}

function fault(good: KeyProvider, unwrap: KeyProvider['unwrap']): KeyProvider {
  return {
    scheme: good.scheme,
    wrap: (secret, facts) => good.wrap(secret, facts),
    unwrap,
    describe: () => good.describe(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

const directory = (): string => home.collaboration(COLLABORATION);

describe('the envelopes of a home', () => {
  test('are listed by collaboration and generation, and none is there at first', async () => {
    expect(await listEnvelopes(home)).toEqual([]);
    expect(await newestEnvelope(home, COLLABORATION)).toBeNull();
    for (const generation of [2, 10, 1]) await store({ generation });
    await store({ collaborationId: OTHER });
    await writeFile(join(directory(), 'request-1.json'), '{}');
    await writeFile(join(home.directory, 'collaborations', '.hidden'), '');
    const listed = (await listEnvelopes(home)).map((place) => [place.collaborationId, place.generation]);
    expect(listed).toEqual([
      [OTHER, 1],
      [COLLABORATION, 1],
      [COLLABORATION, 2],
      [COLLABORATION, 10],
    ]);
    expect(await listEnvelopes(home, parseCollaborationId(COLLABORATION.toUpperCase()))).toHaveLength(3);
    expect((await newestEnvelope(home, parseCollaborationId(COLLABORATION.toUpperCase())))?.envelope.generation).toBe(
      10,
    );
    expect((await readEnvelope(home, { collaborationId: COLLABORATION, generation: 2 })).envelope.generation).toBe(2);
  });

  test('lie in directories and files for their owner only', async () => {
    const { file } = await store();
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    for (const path of [home.directory, join(home.directory, 'collaborations'), directory()]) {
      expect((await stat(path)).mode & 0o777).toBe(0o700);
    }
    expect((await readdir(directory())).sort()).toEqual(['generation-1.json', 'lock']);
  });

  test('are not read where others can put theirs', async () => {
    await store();
    for (const place of [home.directory, join(home.directory, 'collaborations'), directory()]) {
      for (const mode of [0o770, 0o702]) {
        await chmod(place, mode);
        expect(await codeOf(() => newestEnvelope(home, COLLABORATION))).toBe('SECRET_INVALID');
      }
      await chmod(place, 0o755);
    }
    expect(await codeOf(() => newestEnvelope(home, COLLABORATION))).toBe('done');
  });

  test('are never of a path that an id makes up', async () => {
    // As a caller without types has it.
    const [path, parent] = ['../../etc', '..'] as unknown as [CollaborationId, CollaborationId];
    expect(await codeOf(() => readEnvelope(home, { collaborationId: path, generation: 1 }))).toBe('USAGE_OPTION');
    expect(await codeOf(() => newestEnvelope(home, parent))).toBe('USAGE_OPTION');
  });

  test('a newest one that is damaged, or renamed from an older, is an error and no older one stands in', async () => {
    await store({ generation: 1 });
    const { file } = await store({ generation: 2 });
    await writeFile(file, 'damaged');
    expect(await codeOf(() => newestEnvelope(home, COLLABORATION))).toBe('CUSTODY_ENVELOPE');
    await rename(join(directory(), 'generation-1.json'), file);
    expect(await codeOf(() => newestEnvelope(home, COLLABORATION))).toBe('CUSTODY_ENVELOPE');
    expect(await codeOf(() => readEnvelope(home, { collaborationId: COLLABORATION, generation: 1 }))).toBe(
      'CUSTODY_KEY',
    );
  });

  test('are not overwritten, but replaced by one that opens', async () => {
    const first = await store();
    const before = await readFile(first.file, 'utf8');
    expect(await codeOf(() => store({ by: provider('OTHER') }))).toBe('IO_EXISTS');
    expect(await readFile(first.file, 'utf8')).toBe(before);
    const second = await store({ by: provider('OTHER'), replaced: first });
    expect(second.envelope.key).toBe('env:OTHER');
    expect((await readEnvelope(home, first.envelope)).envelope).toEqual(second.envelope);
    // What was read before somebody else replaced it is not good enough to replace by.
    expect(await codeOf(() => store({ by: provider('THIRD'), replaced: first }))).toBe('CUSTODY_ENVELOPE');
  });

  test('one that does not open to its secret leaves what was there, and nothing else', async () => {
    const first = await store();
    const before = await readFile(first.file, 'utf8');
    const faults: [KeyProvider['unwrap'], string][] = [
      [() => Promise.resolve(null), 'CUSTODY_KEY'],
      [() => Promise.resolve(sharedSecretFromBytes(new Uint8Array(32))), 'CUSTODY_ENVELOPE'],
      [() => Promise.reject(new Error('the module crashed')), 'IO_WRITE'],
    ];
    for (const [unwrap, code] of faults) {
      expect(await codeOf(() => store({ by: fault(provider(), unwrap), replaced: first }))).toBe(code);
      expect(await codeOf(() => store({ by: fault(provider(), unwrap), generation: 2 }))).toBe(code);
    }
    expect(await readFile(first.file, 'utf8')).toBe(before);
    expect((await readdir(directory())).sort()).toEqual(['generation-1.json', 'lock']);
  });

  test('of many that are written at once, one is', async () => {
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => codeOf(() => store())));
    expect(outcomes.sort()).toEqual(['IO_EXISTS', 'IO_EXISTS', 'IO_EXISTS', 'IO_EXISTS', 'done']);
  });

  test('can be destroyed, once, and not if they were replaced', async () => {
    const first = await store();
    const second = await store({ by: provider('OTHER'), replaced: first });
    expect(await codeOf(() => destroyEnvelope(home, first))).toBe('CUSTODY_ENVELOPE');
    await destroyEnvelope(home, second);
    expect(await listEnvelopes(home)).toEqual([]);
    expect(await codeOf(() => destroyEnvelope(home, second))).toBe('CUSTODY_KEY');
  });

  test('are destroyed with what a stopped process left of them, and nothing else is', async () => {
    const [first, second] = [await store(), await store({ generation: 12 })];
    for (const name of ['.generation-1.json.0a1b2c3d4e5f.tmp', '.generation-12.json.0a1b2c3d4e5f.tmp']) {
      await writeFile(join(directory(), name), await readFile(first.file));
    }
    await destroyEnvelope(home, first);
    const left = ['.generation-12.json.0a1b2c3d4e5f.tmp', 'generation-12.json', 'lock'];
    expect((await readdir(directory())).sort()).toEqual(left);
    await destroyEnvelope(home, second);
    expect(await readdir(directory())).toEqual(['lock']);
  });

  test('a home that cannot be written or read says so', async () => {
    await writeFile(join(folder, 'home'), '');
    expect(await codeOf(() => store())).toBe('IO_WRITE');
    expect(await codeOf(() => listEnvelopes(home))).toBe('IO_READ');
    await rm(join(folder, 'home'));
    await mkdir(directory(), { recursive: true });
    await mkdir(join(directory(), 'generation-1.json'));
    expect(await codeOf(() => newestEnvelope(home, COLLABORATION))).toBe('IO_READ');
    await chmod(directory(), 0o700);
  });
});

describe('unwrapEnvelope', () => {
  test('tells which key is wanted, and refuses a secret that is not the one that is named', async () => {
    const { envelope, file } = await store();
    const none = fault(provider(), () => Promise.resolve(null));
    await expect(unwrapEnvelope(envelope, none, { file })).rejects.toMatchObject({
      code: 'CUSTODY_KEY',
      where: { file },
      hint: expect.stringContaining('`env:SECRET`') as string,
    });
    using opened = await unwrapEnvelope(envelope, provider());
    expect(opened.byteLength).toBe(32);
  });
});
