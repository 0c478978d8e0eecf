import { Hono } from 'hono';
import type { QueryCheck } from '../room/index.ts';
import { askBody, type CheckAnswer } from '../wire/index.ts';
import type { AppParts } from './app-parts.ts';
import { requireKeyRole, toQueryRequest } from './ask.ts';
import { readJsonBody } from './body.ts';
import type { ServerEnv } from './caller.ts';
import { openForMembers } from './gate.ts';
import { LimitedTurns } from './limits.ts';

/** How many checks may wait, and how many of one member. */
const MAX_CHECKS = 256;
const MAX_CHECKS_EACH = 64;

/** `/v1/checks`. */
export function checkRoutes({ admission }: AppParts): Hono<ServerEnv> {
  const bodies = new LimitedTurns(Infinity, MAX_CHECKS_EACH);
  const checks = new LimitedTurns(MAX_CHECKS, MAX_CHECKS_EACH);
  const app = new Hono<ServerEnv>();

  app.post('/v1/checks', async (c) => {
    const caller = c.get('caller');
    const { manifest } = await openForMembers(admission.reader);
    requireKeyRole(manifest, caller, 'query');
    const ask = await bodies.take(caller.member, () => readJsonBody(c, askBody));
    // Not stopped if the member leaves: that would end the process that checks, and all others wait for a new one.
    const check = await checks.take(caller.member, () => admission.check(toQueryRequest(ask, caller)));
    return c.json<CheckAnswer>(answerOf(check));
  });

  return app;
}

/** A check in the form of `sealroom check --json`. */
function answerOf({ text: sql, parameters, verdict, budgets }: QueryCheck): CheckAnswer {
  if (!verdict.allowed) return { sql, parameters, ...verdict, findings: [...verdict.findings], budgets: [] };
  const { statement } = verdict;
  return { sql, parameters, ...verdict, statement: { ...statement, ir: JSON.stringify(statement.ir) }, budgets };
}
