import { listGrants, type Manifest } from '../../collab/index.ts';
import { listCandidates } from '../../query/index.ts';
import { claimedCaller, openRoom, QueryChecker, resolveRequest } from '../../room/index.ts';
import { type CheckedManifest, readCheckedManifest } from './check-query.ts';

/** What may be asked of a table. */
export interface TableExample {
  readonly table: string;
  readonly owner: string;
  /** What the rule allows, in words that complete "allows …". */
  readonly allows: readonly string[];
  /** The templates that may run over it. */
  readonly templates: readonly string[];
  /** A query that is allowed, or `null` if none was found. */
  readonly sql: string | null;
}

/** For each table, what a member may ask of it, with one query that the check allows. Budgets are not looked at. */
async function listExamples(
  manifest: Manifest,
  member: string,
  signal: AbortSignal | undefined,
): Promise<readonly TableExample[]> {
  await using checker = new QueryChecker();
  const grants = listGrants(manifest);
  const examples: TableExample[] = [];
  for (const table of manifest.tables) {
    const { name, owner, rule } = table;
    let found: string | null = null;
    for (const sql of listCandidates(manifest, table, member)) {
      const request = { caller: claimedCaller(member), receivers: [], query: { kind: 'text', sql } } as const;
      const { context } = resolveRequest(request, manifest);
      if (!(await checker.check(sql, context, signal)).allowed) continue;
      found = sql;
      break;
    }
    const allows = grants.filter(({ subject }) => subject === `table ${name}`).map(({ text }) => text);
    examples.push({
      table: name,
      owner,
      allows,
      templates: rule?.kind === 'custom' ? rule.allowedTemplates : [],
      sql: found,
    });
  }
  return examples;
}

/**
 * What a member may ask under a manifest, table by table.
 *
 * @throws {SealroomError} as `checkUnderManifest`.
 */
export async function listExamplesUnderManifest(
  manifest: CheckedManifest,
  member: string,
  signal?: AbortSignal,
): Promise<readonly TableExample[]> {
  return listExamples(readCheckedManifest(manifest).manifest, member, signal);
}

/**
 * What a member may ask in a room, table by table.
 *
 * @throws {SealroomError} as `openRoom`.
 */
export async function listExamplesInRoom(
  directory: string,
  member: string,
  signal?: AbortSignal,
): Promise<readonly TableExample[]> {
  return listExamples((await openRoom(directory)).manifest, member, signal);
}
