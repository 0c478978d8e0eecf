import { spawnSync } from 'node:child_process';
import { chmod } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { generateHybridIdentity, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { encryptTable, HIGH_ASSURANCE, parseSharedSecret, parseTableSchema } from 'sealroom';
import {
  approveTemplate,
  insertSignature,
  insertWithdrawal,
  parseManifest,
  printPublicKey,
  signManifest,
  withdrawApproval,
} from 'sealroom/collab';
import {
  claimedCaller,
  type QueryOutcome,
  type QueryRequest,
  QueryRunner,
  type RunnerLimits,
  type RunnerOptions,
} from 'sealroom/query';
import { createRoom, loadTable, updateRoom } from 'sealroom/room';
import { readRows } from '#src/actions/member/read-result';
import { AT_ONCE, SECRET, Session } from '../../support/cli.ts';
import { keyOf } from '../../support/manifests.ts';

export const ID = '7a2c1e9e-3f5b-4b1e-9f0e-0d6a1d1c2b33';

/** When everything in these tests happens. */
export const NOW = (): Date => new Date('2026-11-24T12:00:00Z');

type Kind = 'fingerprint' | 'sealed' | 'cleartext';

interface SampleTable {
  readonly owner: string;
  readonly columns: readonly (readonly [name: string, kind: Kind, type: string])[];
  readonly rule: object;
  readonly row: (index: number) => readonly string[];
  readonly rows: number;
  readonly more?: object;
}

const threshold = (minimum: number): object[] => [{ columnName: 'email', minimum, type: 'COUNT_DISTINCT' }];

const aggregation = (columns: readonly string[], dimensions: readonly string[], minimum: number): object => ({
  aggregateColumns: [
    { columnNames: ['email'], function: 'COUNT_DISTINCT' },
    { columnNames: columns, function: 'SUM' },
    { columnNames: columns, function: 'AVG' },
  ],
  joinColumns: ['email'],
  dimensionColumns: dimensions,
  scalarFunctions: [],
  outputConstraints: threshold(minimum),
});

const custom = (more: object = {}): object => ({
  allowedAnalyses: ['ANY_QUERY', 'pages-since'],
  allowedAnalysisProviders: ['brand'],
  ...more,
});

const person = (index: number): string => `person${String(index)}@secret-mail.example`;

/** The name of a table as AWS Clean Rooms takes it; only a test that asks for this table has it. */
export const AWS_NAME = 'Ads 2025-b';

/** The tables of a publisher and a brand: two to aggregate, one that anything may be asked of. */
const TABLES: Readonly<Record<string, SampleTable>> = {
  impressions: {
    owner: 'pub',
    columns: [
      ['email', 'fingerprint', 'VARCHAR'],
      ['device', 'sealed', 'VARCHAR'],
      ['region', 'cleartext', 'VARCHAR'],
      ['day', 'cleartext', 'DATE'],
      ['spend', 'cleartext', 'DECIMAL(18,2)'],
      ['clicks', 'cleartext', 'BIGINT'],
    ],
    rule: { aggregation: aggregation(['spend', 'clicks'], ['region', 'day'], 10) },
    // One region has so few persons that nothing may be said of it.
    row: (i) => [
      person(i % 200),
      `device${String(i)}`,
      i % 200 < 4 ? 'Antarctica' : (['Bavaria', 'Tyrol', 'Carinthia'][i % 3] ?? ''),
      `2026-01-${String(1 + (i % 28)).padStart(2, '0')}`,
      `${String(i % 17)}.25`,
      String(i % 7),
    ],
    rows: 600,
    more: { accessBudgets: [{ type: 'LIFETIME', budget: 1000 }] },
  },
  purchases: {
    owner: 'brand',
    columns: [
      ['email', 'fingerprint', 'VARCHAR'],
      ['product', 'cleartext', 'VARCHAR'],
      ['amount', 'cleartext', 'DECIMAL(18,2)'],
    ],
    rule: { aggregation: aggregation(['amount'], ['product'], 5) },
    row: (i) => [person(i % 160), ['boot', 'runner'][i % 2] ?? '', `${String(i % 23)}.50`],
    rows: 400,
  },
  visits: {
    owner: 'pub',
    columns: [
      ['email', 'fingerprint', 'VARCHAR'],
      ['note', 'sealed', 'VARCHAR'],
      ['page', 'cleartext', 'VARCHAR'],
      ['seconds', 'cleartext', 'BIGINT'],
    ],
    rule: { custom: custom() },
    row: (i) => [person(i % 300), `hidden-note-${String(i)}`, `confidential-page-${String(i % 3)}`, String(1000 + i)],
    rows: 900,
  },
  single: {
    owner: 'brand',
    columns: [
      ['email', 'fingerprint', 'VARCHAR'],
      ['tier', 'cleartext', 'VARCHAR'],
    ],
    rule: { custom: custom() },
    row: (i) => [person(i), 'confidential-tier'],
    rows: 50,
    more: { accessBudgets: [{ type: 'LIFETIME', budget: 1 }] },
  },
  [AWS_NAME]: {
    owner: 'pub',
    columns: [
      ['email', 'fingerprint', 'string'],
      ['placed', 'cleartext', 'timestamp_ntz'],
      ['price', 'cleartext', 'numeric(8, 2)'],
    ],
    rule: { custom: custom() },
    row: (i) => [person(i), '2026-01-02 03:04:05', `${String(i)}.50`],
    rows: 30,
    more: { accessBudgets: [{ type: 'LIFETIME', budget: 5 }] },
  },
};

const TEMPLATE = {
  id: 'pages-since',
  sql: 'SELECT v.page, COUNT(*) AS n FROM visits v WHERE v.seconds >= :since GROUP BY v.page',
  parameters: [{ name: 'since', type: 'long', default: '1500' }],
};

/** A CSV of the rows of a table before encryption. */
function cleartextOf({ columns, row, rows }: SampleTable): string {
  const lines = Array.from({ length: rows }, (_, index) => row(index).join(','));
  return [columns.map(([name]) => name).join(','), ...lines, ''].join('\n');
}

/** Age identities of the members: one with a post-quantum key. */
export interface Identities {
  readonly brand: string;
  readonly pub: string;
  readonly auditor: string;
}

/** A signed manifest over the tables. */
async function signedManifest(identities: Identities, tables: Readonly<Record<string, SampleTable>>): Promise<string> {
  const member = async (id: keyof Identities, abilities: readonly string[]): Promise<object> => ({
    id,
    abilities,
    publicKeys: { sign: printPublicKey(keyOf(id)), receive: await identityToRecipient(identities[id]) },
  });
  const text = JSON.stringify({
    version: 1,
    id: ID,
    name: 'Spring campaign',
    settings: { ...HIGH_ASSURANCE, allowCleartext: true, allowDuplicates: true },
    members: [
      await member('brand', ['CAN_QUERY', 'CAN_RECEIVE_RESULTS']),
      await member('pub', ['CAN_RECEIVE_RESULTS']),
      await member('auditor', ['CAN_RECEIVE_RESULTS']),
    ],
    tables: Object.entries(tables).map(([name, { owner, columns, rule, more }]) => {
      const [kind = ''] = Object.keys(rule);
      return {
        name,
        owner,
        columns: columns.map(([column, protection, type]) => ({ name: column, protection, type })),
        analysisRule: { type: kind.toUpperCase(), policy: { v1: rule } },
        associationRule: { policy: { v1: { [kind]: { allowedResultReceivers: ['brand', 'pub'] } } } },
        ...more,
      };
    }),
    templates: [TEMPLATE],
  });
  return signedBy(text);
}

/** The text of a manifest with the signatures of all members, and the approvals of its template. */
function signedBy(text: string): string {
  let signed = text;
  for (const owner of ['pub', 'brand']) {
    signed = insertSignature(
      signed,
      approveTemplate(parseManifest(text), TEMPLATE.id, owner, keyOf(owner), new Date(0)),
      TEMPLATE.id,
    );
  }
  for (const id of ['brand', 'pub', 'auditor']) {
    signed = insertSignature(signed, signManifest(parseManifest(text), id, keyOf(id)), null);
  }
  return signed;
}

/** A room of sample tables, encrypted and loaded as members would do it. */
export class SampleRoom implements AsyncDisposable {
  readonly session: Session;
  readonly directory: string;
  readonly identities: Identities;

  private constructor(session: Session, identities: Identities) {
    this.session = session;
    this.directory = session.path('room');
    this.identities = identities;
  }

  /** @param names of the tables that are in the manifest; those in `unloaded` are not loaded */
  static async start(
    names: readonly string[] = Object.keys(TABLES).filter((name) => name !== AWS_NAME),
    unloaded: readonly string[] = [],
  ): Promise<SampleRoom> {
    const identities = {
      brand: await generateHybridIdentity(),
      pub: await generateX25519Identity(),
      auditor: await generateX25519Identity(),
    };
    const room = new SampleRoom(await Session.start(), identities);
    room.session.now = NOW;
    const tables = Object.fromEntries(Object.entries(TABLES).filter(([name]) => names.includes(name)));
    const manifest = await signedManifest(identities, tables);
    await room.session.put('manifest.json', manifest);
    await createRoom({ directory: room.directory, manifest, manifestFile: 'manifest.json', now: NOW });
    for (const [name, table] of Object.entries(tables)) {
      if (!unloaded.includes(name)) await room.#load(name, table);
    }
    for (const [id, identity] of Object.entries(identities)) {
      await room.session.put(`${id}.age`, `# a comment\n${identity}\n`);
      await chmod(room.session.path(`${id}.age`), 0o600);
    }
    return room;
  }

  async #load(name: string, table: SampleTable): Promise<void> {
    const { directory, session } = this;
    await session.put(`${name}.csv`, cleartextOf(table));
    const columns = table.columns.map(([sourceHeader, type]) => ({
      targetHeader: sourceHeader,
      sourceHeader,
      type,
      ...(type === 'sealed' ? { pad: { type: 'none' } } : {}),
    }));
    using secret = parseSharedSecret(SECRET);
    await encryptTable({
      input: session.path(`${name}.csv`),
      output: session.path(`${name}.parquet`),
      schema: parseTableSchema(JSON.stringify({ headerRow: true, columns })),
      secret,
      collaborationId: ID,
      settings: { ...HIGH_ASSURANCE, allowCleartext: true, allowDuplicates: true },
      overwrite: true,
    });
    await loadTable({ directory, table: name, input: session.path(`${name}.parquet`), now: NOW });
  }

  /** Gives the room another version of its manifest, signed again. */
  async update(change: (text: string) => string): Promise<void> {
    const manifest = JSON.parse(await this.session.text('manifest.json')) as object;
    const text = change(JSON.stringify({ ...manifest, templates: [TEMPLATE], signatures: undefined }));
    await updateRoom({
      directory: this.directory,
      manifest: signedBy(text),
      manifestFile: 'manifest.json',
      now: NOW,
    });
  }

  /** Withdraws the approval of the template by an owner in the room, without another change of its manifest. */
  async withdraw(owner: string): Promise<void> {
    const text = await this.session.text('manifest.json');
    const withdrawal = withdrawApproval(parseManifest(text), TEMPLATE.id, owner, keyOf(owner), new Date());
    await updateRoom({
      directory: this.directory,
      manifest: insertWithdrawal(text, withdrawal, TEMPLATE.id),
      manifestFile: 'manifest.json',
      now: () => new Date(),
    });
  }

  /** A runner that releases answers as soon as they are there, unless it has another clock. */
  runner(limits: Partial<RunnerLimits> = {}, more: Partial<RunnerOptions> = {}): Promise<QueryRunner> {
    return QueryRunner.open({ directory: this.directory, env: {}, now: NOW, clock: AT_ONCE, limits, ...more });
  }

  /** Records of the audit log, as JSON text. */
  async log(): Promise<string> {
    return this.session.text('room/audit/log.jsonl');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session[Symbol.asyncDispose]();
  }
}

/** A query of the brand, for itself. */
export function ask(sql: string, more: Partial<QueryRequest> = {}): QueryRequest {
  return { caller: claimedCaller('brand'), receivers: ['brand'], query: { kind: 'text', sql }, ...more };
}

/** The rows of a released result as text; fails the test if it was refused. */
export async function rowsOf(outcome: QueryOutcome): Promise<readonly (readonly (string | null)[])[]> {
  if (outcome.kind === 'released') return (await readRows(outcome.result.table, 1_000_000)).rows;
  throw new Error(`refused: ${outcome.findings.map(({ message }) => message).join('; ')}`);
}

/** The cleartext tables in an engine without walls: what answers are compared with. */
export async function openCleartext(): Promise<DuckDBConnection> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  for (const [name, { columns, row, rows }] of Object.entries(TABLES).filter(([each]) => each !== AWS_NAME)) {
    const types = columns.map(([column, , type]) => `${column} ${type}`).join(', ');
    await connection.run(`CREATE TABLE ${name} (${types})`);
    const values = Array.from(
      { length: rows },
      (_, i) =>
        `(${row(i)
          .map((value) => `'${value}'`)
          .join(', ')})`,
    );
    await connection.run(`INSERT INTO ${name} VALUES ${values.join(', ')}`);
  }
  return connection;
}

/** Rows of a query over the cleartext tables, as text. */
export async function cleartextRows(
  connection: DuckDBConnection,
  sql: string,
): Promise<readonly (readonly (string | null)[])[]> {
  const rows = (await connection.runAndReadAll(sql)).getRowsJson();
  return rows.map((row) =>
    row.map((value) => (value === null ? null : typeof value === 'string' ? value : JSON.stringify(value))),
  );
}

/** Ids of the processes of one kind that a process has started; there is no other way to see them than the system's. */
function childrenOf(parent: number, main: string): readonly number[] {
  const { stdout } = spawnSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((match) => Number(match?.[2]) === parent && match?.[3]?.includes(main) === true)
    .map((match) => Number(match?.[1]));
}

/** Ids of the engine processes that a process has started. */
export function enginesOf(parent: number): readonly number[] {
  return childrenOf(parent, 'engine-main.js');
}

/** Ids of the processes that check queries and that a process has started. */
export function checkersOf(parent: number): readonly number[] {
  return childrenOf(parent, 'check-main.js');
}

/** Waits until something is so; a test's time limit ends it. */
export async function waitFor(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await setTimeout(20);
}
