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

/** All values under a key in a document. */
function valuesOf(value: unknown, key: string): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, each]: [string, unknown]) => [
    ...(name === key ? [each] : []),
    ...valuesOf(each, key),
  ]);
}

test('its lists of items have some, as JSON Schema demands', () => {
  expect(valuesOf(describeApi(), 'prefixItems').filter((items) => !Array.isArray(items) || items.length === 0)).toEqual(
    [],
  );
  expect(valuesOf(describeApi(), 'maxItems')).toContain(0);
});

test('its references lead to its schemas, and all schemas are used', () => {
  const { components } = describeApi() as { components: { schemas: Record<string, unknown> } };
  const refs = new Set(valuesOf(describeApi(), '$ref').map(String));
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
