import * as z from 'zod';
import type { ErrorCode } from '../errors/index.ts';
import {
  askBody,
  checkBody,
  jobBody,
  jobPageBody,
  manifestUpdateBody,
  problemBody,
  roomBody,
  rowsRemovedBody,
  statusOf,
  uploadBody,
  uploadCompletionBody,
  uploadRequestBody,
} from '../wire/index.ts';
import { type Content, type Route, ROUTES } from './routes.ts';

/** The shapes of all bodies, by the names that the description gives them. */
const SHAPES: Readonly<Record<string, z.ZodType>> = {
  Ask: askBody,
  Check: checkBody,
  Job: jobBody,
  JobPage: jobPageBody,
  ManifestUpdate: manifestUpdateBody,
  Problem: problemBody,
  Room: roomBody,
  RowsRemoved: rowsRemovedBody,
  Upload: uploadBody,
  UploadCompletion: uploadCompletionBody,
  UploadRequest: uploadRequestBody,
};

/** What any signed request may be refused with. */
const ANY: readonly ErrorCode[] = [
  'AUTH_MISSING',
  'AUTH_MALFORMED',
  'AUTH_COVERAGE',
  'AUTH_PARAMETERS',
  'AUTH_CLOCK',
  'AUTH_STALE',
  'AUTH_KEY',
  'AUTH_SIGNATURE',
  'AUTH_REPLAY',
  'AUTH_BUSY',
  'SERVER_RATE',
  'SERVER_DRAINING',
  'SERVER_STANDBY',
  'SERVER_INTERNAL',
];

/** What any request with a body may be refused with. */
const ANY_BODY: readonly ErrorCode[] = ['AUTH_DIGEST', 'USAGE_BODY', 'SERVER_TOO_LARGE', 'IO_ABORTED'];

const SIGNATURE =
  'Requests are signed with the Ed25519 key that the manifest has for who asks: HTTP Message Signatures (RFC 9421), in the one ' +
  'profile that rooms accept. The signature covers `@method`, `@target-uri`, and each of `content-digest`, `content-type`, ' +
  '`idempotency-key`, `upload-offset`, `upload-complete` and `if-match` that the request has, in this order, with the parameters ' +
  '`created`, `nonce`, `keyid`, `alg="ed25519"` and `tag="sealroom-v1"`. A body has `Content-Digest: sha-256=:…:` (RFC 9530). ' +
  'The target begins with the origin that the room was given.';

const refTo = (name: string): object => ({ $ref: `#/components/schemas/${name}` });

function describeContent({ type, shape }: Content): object {
  const name = Object.keys(SHAPES).find((each) => SHAPES[each] === shape);
  if (shape !== undefined && name === undefined) throw new TypeError(`a body of type ${type} has no name`);
  return { [type]: { schema: name === undefined ? { type: 'string' } : refTo(name) } };
}

/** The refusals of a route, by status: the codes that it may have. */
function describeRefusals({ refusals, body, isPublic }: Route): Readonly<Record<string, object>> {
  if (isPublic === true) return {};
  const codes = [...new Set([...ANY, ...(body === undefined ? [] : ANY_BODY), ...refusals])];
  const statuses = [...new Set(codes.map(statusOf))].sort((a, b) => a - b);
  return Object.fromEntries(
    statuses.map((status) => {
      const ofStatus = codes.filter((code) => statusOf(code) === status);
      const description = ofStatus.map((code) => `\`${code}\``).join(', ');
      return [String(status), { description, content: { 'application/problem+json': { schema: refTo('Problem') } } }];
    }),
  );
}

function describeParameters({ path, parameters = [] }: Route): readonly object[] {
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const others = parameters.map(({ name, in: place, isRequired, is }) => ({
    name,
    in: place,
    required: isRequired,
    description: is,
    schema: { type: 'string' },
  }));
  return [...inPath, ...others];
}

function describeRoute(route: Route): object {
  const { summary, who, body, successes, isPublic } = route;
  const parameters = describeParameters(route);
  const answers = Object.entries(successes).map(([status, { is, content, headers = {} }]) => {
    const described = Object.entries(headers).map(([name, description]) => [
      name,
      { description, schema: { type: 'string' } },
    ]);
    const answer = {
      description: is,
      ...(described.length === 0 ? {} : { headers: Object.fromEntries(described) as object }),
      ...(content === undefined ? {} : { content: describeContent(content) }),
    };
    return [status, answer] as const;
  });
  return {
    summary,
    description: `Who: ${who}.`,
    ...(isPublic === true ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { required: true, content: describeContent(body) } }),
    responses: { ...Object.fromEntries(answers), ...describeRefusals(route) },
  };
}

function describeShapes(): object {
  const registry = z.registry<{ readonly id: string }>();
  for (const [id, shape] of Object.entries(SHAPES)) registry.add(shape, { id });
  const { schemas } = z.toJSONSchema(registry, {
    uri: (id) => `#/components/schemas/${id}`,
    io: 'input',
    override: ({ jsonSchema }) => {
      // A list that is empty: JSON Schema has no `prefixItems` without items.
      if (jsonSchema.prefixItems?.length !== 0) return;
      delete jsonSchema.prefixItems;
      jsonSchema.maxItems = 0;
    },
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, schema]) => [
      id,
      Object.fromEntries(Object.entries(schema).filter(([key]) => key !== '$schema' && key !== '$id')),
    ]),
  );
}

/** The description of all routes: a document of OpenAPI 3.1. */
export function describeApi(): object {
  const paths = new Map<string, Record<string, object>>();
  for (const route of ROUTES) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    const item = paths.get(path) ?? {};
    item[route.method.toLowerCase()] = describeRoute(route);
    paths.set(path, item);
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'A sealroom room',
      version: '1',
      description:
        'Checks, queries and their jobs, uploads and the audit log of one room, for the members of its collaboration.',
    },
    security: [{ signature: [] }],
    paths: Object.fromEntries(paths),
    components: {
      securitySchemes: {
        signature: { type: 'apiKey', in: 'header', name: 'Signature', description: SIGNATURE },
      },
      schemas: describeShapes(),
    },
  };
}
