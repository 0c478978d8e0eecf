import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { approveTemplate, type Manifest, parseManifest, printPublicKey } from 'sealroom/collab';
import type { CheckContext } from 'sealroom/query';

interface Column {
  readonly type: string;
  readonly kind: 'fingerprint' | 'sealed' | 'cleartext';
}

interface Budget {
  readonly type: string;
  readonly budget: number;
}

interface Template {
  readonly id: string;
  readonly approvedBy: readonly string[];
  readonly sql: string;
  readonly parameters: readonly { readonly name: string; readonly type: string }[];
}

/** What a member asks under, in the words of the file. */
export interface FileContext {
  readonly queryingMember: string;
  readonly receivers: readonly string[];
  readonly policies: Readonly<Record<string, { readonly v1: Readonly<Record<string, unknown>> }>>;
  readonly settings?: Readonly<Record<string, boolean>>;
  readonly accessBudgets?: Readonly<Record<string, readonly Budget[]>>;
  readonly dp?: unknown;
}

/** A query with its right verdict. */
export interface FileCase {
  readonly name: string;
  readonly context: string;
  readonly sql: string;
  readonly template?: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly submitter?: string;
  readonly usedQueries?: Readonly<Record<string, number>>;
  readonly expected: 'allow' | 'deny';
  readonly code?: string;
  readonly fixtureRows?: number;
  readonly why: string;
}

interface File {
  readonly members: readonly {
    readonly id: string;
    readonly displayName: string;
    readonly abilities: readonly string[];
  }[];
  readonly settings: Readonly<Record<string, boolean>>;
  readonly tables: Readonly<
    Record<string, { readonly owner: string; readonly columns: Readonly<Record<string, Column>> }>
  >;
  readonly templates: Readonly<Record<string, Template>>;
  readonly contexts: Readonly<Record<string, FileContext>>;
  readonly fixtureSql: readonly string[];
  readonly cases: readonly FileCase[];
}

const PATH = join(import.meta.dirname, '../vectors/adversarial.json');

/** The file as it is. */
export const FILE = JSON.parse(readFileSync(PATH, 'utf8')) as File;

/** A signing key for tests; `seed` is a byte. */
function keyOf(seed: number): KeyObject {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, seed)]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

const KEYS = new Map(FILE.members.map(({ id }, index) => [id, keyOf(index + 1)]));

function requireKey(member: string): KeyObject {
  const key = KEYS.get(member);
  if (key === undefined) throw new Error(`no member ${member}`);
  return key;
}

function tableEntry(name: string, context: FileContext): object {
  const table = FILE.tables[name];
  if (table === undefined) throw new Error(`no table ${name}`);
  const policy = context.policies[name];
  const type = Object.keys(policy?.v1 ?? {})[0]?.toUpperCase();
  const budgets = context.accessBudgets?.[name];
  return {
    name,
    owner: table.owner,
    columns: Object.entries(table.columns).map(([column, { type: sqlType, kind }]) => ({
      name: column,
      protection: kind,
      type: sqlType,
    })),
    ...(policy === undefined ? {} : { analysisRule: { type, policy } }),
    ...(budgets === undefined ? {} : { accessBudgets: budgets }),
  };
}

function manifestText(context: FileContext, approvals: ReadonlyMap<string, readonly object[]>): string {
  return JSON.stringify({
    version: 1,
    id: '7a2c1e9e-3f5b-4b1e-9f0e-0d6a1d1c2b33',
    name: 'Spring campaign',
    settings: { ...FILE.settings, ...context.settings },
    members: FILE.members.map((member) => ({ ...member, publicKeys: { sign: printPublicKey(requireKey(member.id)) } })),
    tables: Object.keys(FILE.tables).map((name) => tableEntry(name, context)),
    templates: Object.values(FILE.templates).map(({ id, sql, parameters }) => {
      const own = approvals.get(id);
      return { id, sql, parameters, ...(own === undefined ? {} : { approvals: own }) };
    }),
  });
}

/** The manifest of a context, with the templates approved by who approved them. */
export function manifestOf(context: FileContext): Manifest {
  const unsigned = parseManifest(manifestText(context, new Map()));
  const approvals = new Map(
    Object.values(FILE.templates).map(({ id, approvedBy }) => [
      id,
      approvedBy.map((member) => approveTemplate(unsigned, id, member, requireKey(member))),
    ]),
  );
  return parseManifest(manifestText(context, approvals));
}

const manifests = new Map<string, Manifest>();

/** The context of a name in the file. */
export function contextOf(name: string): FileContext {
  const context = FILE.contexts[name];
  if (context === undefined) throw new Error(`no context ${name}`);
  return context;
}

function sharedManifest(name: string): Manifest {
  const manifest = manifests.get(name) ?? manifestOf(contextOf(name));
  manifests.set(name, manifest);
  return manifest;
}

/** What `checkQuery` needs for a case. */
export function checkContextOf(each: Omit<FileCase, 'name' | 'sql' | 'expected' | 'why'>): CheckContext {
  const context = contextOf(each.context);
  const budgets = Object.entries(context.accessBudgets ?? {}).map(
    ([table, list]) =>
      [table, Math.min(...list.map(({ budget }) => budget)) - (each.usedQueries?.[table] ?? 0)] as const,
  );
  return {
    manifest: sharedManifest(each.context),
    member: each.submitter ?? context.queryingMember,
    receivers: context.receivers,
    template: each.template,
    parameters: each.parameters,
    budgetsLeft: new Map(budgets),
  };
}

/** The SQL of a case: that of its template where it names one. */
export function sqlOf({ sql, template }: Pick<FileCase, 'sql' | 'template'>): string {
  return template === undefined ? sql : (FILE.templates[template]?.sql ?? sql);
}
