import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { ERROR_CODES } from 'sealroom';
import { describeApi } from '#src/server/index';
import { ROUTES } from '#src/server/routes';
import { ROOT } from '../tooling/run-tool.ts';
import { ServedRoom } from './served-room.ts';

test('docs/openapi.json is the description of the routes; `npm run reference` writes it', async () => {
  expect(JSON.parse(await readFile(`${ROOT}/docs/openapi.json`, 'utf8'))).toEqual(describeApi());
});

test('it is served to everybody', async () => {
  await using room = await ServedRoom.start();
  const got = await room.ask('GET', '/openapi.json', { as: null });
  expect(got.json).toEqual(describeApi());
});

/** All texts under `$ref` in a document. */
function refsIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]: [string, unknown]) =>
    key === '$ref' ? [String(each)] : refsIn(each),
  );
}

test('its references lead to its schemas, and all schemas are used', () => {
  const { components } = describeApi() as { components: { schemas: Record<string, unknown> } };
  const refs = new Set(refsIn(describeApi()));
  expect([...refs].sort()).toEqual(
    Object.keys(components.schemas)
      .sort()
      .map((name) => `#/components/schemas/${name}`),
  );
});

test('refusals are codes that there are, and each path has its parameters', () => {
  expect(ROUTES.flatMap(({ refusals }) => refusals).filter((code) => !ERROR_CODES.includes(code))).toEqual([]);
  const { paths } = describeApi() as {
    paths: Record<string, Record<string, { parameters?: { name: string; in: string }[] }>>;
  };
  for (const [path, methods] of Object.entries(paths)) {
    for (const { parameters = [] } of Object.values(methods)) {
      const named = parameters.filter((each) => each.in === 'path').map(({ name }) => `{${name}}`);
      expect(path.match(/\{\w+\}/g) ?? []).toEqual(named);
    }
  }
});
