import { randomUUID } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { matchedRoutes } from 'hono/route';
import { SealroomError } from '../errors/index.ts';
import type { AppParts } from './app-parts.ts';
import { auditRoutes } from './audit-routes.ts';
import type { RequestSender, ServerEnv } from './caller.ts';
import { checkRoutes } from './check-routes.ts';
import { Gate } from './gate.ts';
import { jobRoutes } from './jobs/job-routes.ts';
import { describeApi } from './openapi.ts';
import { answerProblem, codeOf, notFound } from './problems.ts';
import { pathOf, readQuery, receivedRequest } from './request.ts';
import { roomRoutes } from './room-routes.ts';
import { findRoute, type Route } from './routes.ts';
import { uploadRoutes } from './uploads/upload-routes.ts';

/**
 * A room over the network: requests to answers, without sockets. Each request is let in by its signature before anything of its body is
 * read, and only where `routes.ts` has a route for it.
 *
 * There must be one app for a room in a process: it remembers which requests it has seen, and refuses those from before it was made.
 */
export function createApp(parts: AppParts): Hono<ServerEnv> {
  const { origin, admission, now, elapsedMs = () => performance.now(), onAnswer } = parts;
  const gate = new Gate({ origin, reader: admission.reader, now, elapsedMs });
  const app = new Hono<ServerEnv>({ getPath: (request, options) => pathOf(request, options?.env) });

  app.use(async (c, next) => {
    const startedMs = elapsedMs();
    c.set('requestId', randomUUID());
    await next();
    c.res.headers.set('cache-control', 'no-store');
    const caller = callerOf(c);
    onAnswer?.({
      requestId: c.get('requestId'),
      member: caller?.member ?? null,
      person: caller?.person ?? null,
      route: routeOf(c)?.path ?? null,
      method: c.req.method,
      status: c.res.status,
      ms: elapsedMs() - startedMs,
      bytesIn: Number(c.req.header('content-length') ?? '0'),
      code: c.error === undefined ? null : codeOf(c.error),
    });
  });

  app.use(async (c, next) => {
    const route = routeOf(c);
    const received = receivedRequest(c.req.raw, c.env);
    if (route?.isPublic !== true) {
      const { caller, digest } = await gate.admit(received);
      c.set('caller', caller);
      c.set('digest', digest);
    }
    if (route === null) throw notFound();
    readQuery(c.req.raw, c.env, namesInQuery(route));
    if (received.hasBody && route.body === undefined) {
      throw new SealroomError('USAGE_BODY', 'this route takes no body');
    }
    if (route.isRecorded === true) await admission.log.requireClock();
    await next();
  });

  const description = JSON.stringify(describeApi());
  app.get('/openapi.json', (c) => c.body(description, 200, { 'content-type': 'application/json' }));
  const parted = [
    roomRoutes(parts),
    checkRoutes(parts),
    jobRoutes(parts.jobs),
    uploadRoutes(parts.uploads, parts.jobs),
    auditRoutes(parts),
  ];
  for (const routes of parted) app.route('/', routes);
  app.onError((error, c) => answerProblem(error, c.get('requestId')));
  return app;
}

/** Who sent a request; `null` where that is not known, because it was refused or needs no signature. */
function callerOf({ var: known }: Context<ServerEnv>): RequestSender | null {
  return 'caller' in known ? known.caller : null;
}

/** The route of a request; `null` if there is none. */
function routeOf(c: Context<ServerEnv>): Route | null {
  const matched = matchedRoutes(c).at(-1);
  return matched === undefined ? null : findRoute(matched.method, matched.path);
}

function namesInQuery({ parameters = [] }: Route): readonly string[] {
  return parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
}
