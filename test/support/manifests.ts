import { readFileSync } from 'node:fs';
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { insertSignature, parseManifest, printPublicKey, signManifest } from 'sealroom/collab';
import { ROOT } from '../tooling/run-tool.ts';

/** A JSON object of a test. */
export type Json = Record<string, unknown>;

/** Contexts, tables and cases of the adversarial vectors, as they are written. */
interface Adversarial {
  readonly members: readonly Json[];
  readonly settings: Json;
  readonly tables: Readonly<Record<string, { owner: string; columns: Record<string, { type: string; kind: string }> }>>;
  readonly templates: Readonly<Record<string, { id: string; sql: string; parameters: Json[]; approvedBy: string[] }>>;
  readonly contexts: Readonly<
    Record<
      string,
      {
        queryingMember: string;
        settings?: Json;
        policies: Record<string, { v1: Json }>;
        accessBudgets?: Record<string, Json[]>;
      }
    >
  >;
}

const TEXT = readFileSync(`${ROOT}/test/vectors/adversarial.json`, 'utf8');

export const ADVERSARIAL = JSON.parse(TEXT) as Adversarial;

/** The signing key of a member: fixed, 32 times one byte per member. */
export function keyOf(member: string): KeyObject {
  const seed = Buffer.alloc(32, member);
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

/** A context of the adversarial vectors as a manifest, without approvals. */
export function manifestOfContext(name: string): Json {
  const context = ADVERSARIAL.contexts[name];
  if (context === undefined) throw new Error(`no context ${name}`);
  const tables = Object.entries(ADVERSARIAL.tables).map(([table, { owner, columns }]) => {
    const policy = context.policies[table];
    const budgets = context.accessBudgets?.[table];
    return {
      name: table,
      owner,
      columns: Object.entries(columns).map(([column, { type, kind }]) => ({ name: column, protection: kind, type })),
      ...(policy === undefined
        ? {}
        : { analysisRule: { type: Object.keys(policy.v1).join('').toUpperCase(), policy } }),
      ...(budgets === undefined ? {} : { accessBudgets: budgets }),
    };
  });
  return {
    version: 1,
    id: '7a2c1e9e-3f5b-4b1e-9f0e-0d6a1d1c2b33',
    name: 'Spring campaign',
    settings: { ...ADVERSARIAL.settings, ...context.settings },
    members: ADVERSARIAL.members.map((member) => ({
      ...member,
      publicKeys: { sign: printPublicKey(keyOf(String(member['id']))) },
    })),
    tables,
    templates: Object.values(ADVERSARIAL.templates).map(({ id, sql, parameters }) => ({ id, sql, parameters })),
  };
}

/** A copy of a JSON value in which the value at a path is another, or is gone if there is none. */
export function withValue<T>(value: T, path: readonly (string | number)[], replacement: unknown): T {
  const copy = structuredClone(value);
  let inner = copy as Record<string | number, unknown>;
  for (const step of path.slice(0, -1)) inner = inner[step] as Record<string | number, unknown>;
  const last = path.at(-1) ?? '';
  if (replacement === undefined) Reflect.deleteProperty(inner, last);
  else inner[last] = replacement;
  return copy;
}

/** The text of a manifest with the signatures of its members, or of some of them; none of them has people. */
export function signedBy(text: string, members?: readonly string[]): string {
  const manifest = parseManifest(text);
  const ids = members ?? manifest.members.map(({ id }) => id);
  return ids.reduce((signed, id) => insertSignature(signed, signManifest(manifest, id, keyOf(id)), null), text);
}
