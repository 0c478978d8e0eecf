import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { type AuditEvent, readRecords } from 'sealroom/audit';
import { encryptTable, HIGH_ASSURANCE, parseSharedSecret, parseTableSchema } from 'sealroom';
import { type CollaborationSettings, insertSignature, parseManifest, signManifest } from 'sealroom/collab';
import type { TableSigning } from 'sealroom/tabular';
import { createRoom, loadTable, type LoadSummary, openRoom, type Room, type Snapshot } from 'sealroom/room';
import { SECRET, Session } from '../support/cli.ts';
import { type Json, keyOf, manifestOfContext } from '../support/manifests.ts';

/** When everything in these tests happens. */
export const NOW = (): Date => new Date('2026-11-24T12:00:00Z');

/** Columns of `impressions`; its aggregation rule names all but `notes`. */
const COLUMNS = [
  { name: 'email_fingerprint', protection: 'fingerprint', type: 'VARCHAR' },
  { name: 'device_sealed', protection: 'sealed', type: 'VARCHAR' },
  { name: 'region', protection: 'cleartext', type: 'VARCHAR' },
  { name: 'day', protection: 'cleartext', type: 'DATE' },
  { name: 'spend', protection: 'cleartext', type: 'DECIMAL(18,2)' },
  { name: 'notes', protection: 'cleartext', type: 'VARCHAR' },
];

const RULE = {
  aggregateColumns: [
    { columnNames: ['device_sealed'], function: 'COUNT' },
    { columnNames: ['spend'], function: 'SUM' },
  ],
  joinColumns: ['email_fingerprint'],
  dimensionColumns: ['region', 'day'],
  scalarFunctions: [],
  outputConstraints: [{ columnName: 'email_fingerprint', minimum: 10, type: 'COUNT_DISTINCT' }],
};

/** What a test changes of the manifest. */
export interface Changes {
  readonly settings?: Partial<CollaborationSettings>;
  /** Members of the entry of `impressions`. */
  readonly table?: Json;
  readonly manifest?: Json;
}

const SETTINGS = { ...HIGH_ASSURANCE, allowCleartext: true, allowDuplicates: true };

/** The manifest of `brand` and `pub` with the table `impressions`, and `closed`, which has no rule; not signed. */
export function manifestWith({ settings, table, manifest }: Changes = {}): string {
  const { version, id, name, members } = manifestOfContext('agg');
  const impressions = {
    name: 'impressions',
    owner: 'pub',
    columns: COLUMNS,
    analysisRule: { type: 'AGGREGATION', policy: { v1: { aggregation: RULE } } },
    ...table,
  };
  const closed = { name: 'closed', owner: 'brand', columns: [COLUMNS[0]] };
  const parts = { version, id, name, members, settings: { ...SETTINGS, ...settings }, tables: [impressions, closed] };
  return JSON.stringify({ ...parts, ...manifest }, null, 2);
}

/** A manifest with the signatures of these members, or of both. */
export function sign(text: string, members: readonly string[] = ['brand', 'pub']): string {
  let signed = text;
  for (const member of members) {
    signed = insertSignature(signed, signManifest(parseManifest(text), member, keyOf(member)), null);
  }
  return signed;
}

const SCHEMA = JSON.stringify({
  headerRow: true,
  columns: [
    { sourceHeader: 'email', targetHeader: 'email_fingerprint', type: 'fingerprint' },
    { sourceHeader: 'device', targetHeader: 'device_sealed', type: 'sealed', pad: { type: 'none' } },
    ...['region', 'day', 'spend', 'notes'].map((sourceHeader) => ({ sourceHeader, type: 'cleartext' })),
  ],
});

/** Rows of `impressions` before encryption; the value of `spend` tells the row. */
export function cleartextRows(rows: number, people = rows): string {
  const lines = Array.from(
    { length: rows },
    (_, row) =>
      `u${String(row % people)}@example.org,d${String(row)},R${String(row % 3)},2026-01-02,${String(row)}.5,private ${String(row)}`,
  );
  return ['email,device,region,day,spend,notes', ...lines, ''].join('\n');
}

/** Rooms, and encrypted tables for them, in a directory of its own. */
export class RoomSession implements AsyncDisposable {
  readonly session: Session;
  readonly directory: string;

  private constructor(session: Session) {
    this.session = session;
    this.directory = session.path('room');
  }

  /** A session with a room for a signed manifest. */
  static async start(changes: Changes = {}): Promise<RoomSession> {
    const started = new RoomSession(await Session.start());
    await started.session.put('schema.json', SCHEMA);
    await started.create(sign(manifestWith(changes)));
    return started;
  }

  create(manifest: string): Promise<Room> {
    return createRoom({ directory: this.directory, manifest, manifestFile: 'spring.yaml', now: NOW });
  }

  path(name: string): string {
    return this.session.path(name);
  }

  /** Encrypts a CSV text to a file whose extension says the format. */
  async encrypt(
    name: string,
    csv: string,
    settings: Partial<CollaborationSettings> = {},
    signing?: TableSigning,
  ): Promise<string> {
    await this.session.put('in.csv', csv);
    using secret = parseSharedSecret(SECRET);
    await encryptTable({
      input: this.path('in.csv'),
      output: this.path(name),
      schema: parseTableSchema(SCHEMA),
      secret,
      collaborationId: String(manifestOfContext('agg')['id']),
      settings: { ...SETTINGS, ...settings },
      sign: signing,
      overwrite: true,
    });
    return this.path(name);
  }

  load(input: string): Promise<LoadSummary> {
    return loadTable({ directory: this.directory, table: 'impressions', input, now: NOW });
  }

  /** What the audit log of the room tells. */
  async events(): Promise<readonly AuditEvent[]> {
    const events: AuditEvent[] = [];
    for await (const { record } of readRecords(this.inRoom('audit'))) events.push(record.event);
    return events;
  }

  inRoom(...path: readonly string[]): string {
    return join(this.directory, ...path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session[Symbol.asyncDispose]();
  }
}

/** What a query over a snapshot gives, as text. */
export async function querySnapshot(snapshot: Snapshot | null, sql: string): Promise<readonly unknown[]> {
  const instance = await DuckDBInstance.create(snapshot?.path ?? '', { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowObjectsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const SPEND = 'SELECT CAST(spend AS DOUBLE) AS s FROM pub.impressions';

/** The spends of the first table's snapshot, in the order of its rows. */
export async function spendsIn(session: RoomSession): Promise<readonly number[]> {
  const [table] = (await openRoom(session.directory)).tables;
  return (await querySnapshot(table?.snapshot ?? null, SPEND)).map((row) => (row as { s: number }).s);
}
