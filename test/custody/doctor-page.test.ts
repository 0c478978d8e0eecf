import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { examineCustody } from '#src/custody/doctor/index';
import { memberHome } from '#src/custody/home';
import { expect, test } from 'vitest';
import { codeSpans, readText } from '../docs/repository.ts';

test('docs/keys.md has all that the doctor looks at, in its order, except packages', async () => {
  const section = readText('docs/keys.md').split('### What the doctor looks at\n')[1]?.split('\n## ')[0] ?? '';
  const named = [...section.matchAll(/^\| (`[^|]+)\|/gm)].flatMap(([, cell = '']) => codeSpans(cell));
  const folder = await mkdtemp(join(tmpdir(), 'sealroom-test-'));
  const context = { env: {}, cwd: folder, warn: () => undefined, askPassphrase: () => Promise.reject(new Error()) };
  const items = (await examineCustody(memberHome({}, { cwd: folder, home: '.' }), context)).map(({ item }) => item);
  await rm(folder, { recursive: true });
  const PACKAGES = ['@aws-sdk/client-kms', 'pkcs11js'];
  // Every machine has these; the rest is told of where it is.
  const always = items.filter((item) => ![...PACKAGES, 'envelopes'].includes(item));
  expect(named.filter((item) => always.includes(item))).toEqual(always.filter((item) => item !== 'memory encryption'));
  expect(named.filter((item) => !always.includes(item))).toEqual(['envelope', 'key …']);
});
