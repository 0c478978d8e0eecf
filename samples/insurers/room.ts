import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tableFromIPC } from 'apache-arrow';
import { type AuditReport, parseVerifiers, verifyLog } from 'sealroom/audit';
import { type Manifest, parseManifest } from 'sealroom/collab';
import { type OpenedPackage, openPackage, recipientsOf } from 'sealroom/package';
import { claimedCaller, type QueryRequest, type QueryRunner } from 'sealroom/query';
import { createRoom, type LoadSummary, loadTable, openRoom } from 'sealroom/room';
import { signDraft } from '../room/sign.ts';
import type { PrintedTable } from './terminal.ts';

const SAMPLE_FOLDER = fileURLToPath(new URL('./', import.meta.url));

/** The protected file that each table of the room is loaded from: the claims twice, under two rules. */
const SOURCES: Readonly<Record<string, string>> = {
  brightfen_customers: 'brightfen_customers',
  brightfen_claims: 'brightfen_claims',
  brightfen_totals: 'brightfen_claims',
  tannhof_customers: 'tannhof_customers',
  tannhof_claims: 'tannhof_claims',
  tannhof_totals: 'tannhof_claims',
};

/** What a query is asked with, and what it is called. */
export interface NamedQuestion {
  readonly name: string;
  readonly question: QueryRequest['query'];
}

/** Only claims of at least so many euro, in the question that shows single claims. */
export const AT_LEAST_EUR = 1000;

/** The questions of a folder of SQL files. */
export function questionsOf(folder: string): readonly NamedQuestion[] {
  const files = readdirSync(join(SAMPLE_FOLDER, folder)).filter((file) => file.endsWith('.sql'));
  return files.sort().map((file) => {
    const sql = readFileSync(join(SAMPLE_FOLDER, folder, file), 'utf8');
    return { name: `${folder}/${file}`, question: { kind: 'text', sql } };
  });
}

/** The template that both insurers have approved, with a value for its parameter. */
export const FILED_WITH_BOTH: NamedQuestion = {
  name: `template filed-with-both, at_least = ${String(AT_LEAST_EUR)}`,
  question: { kind: 'template', id: 'filed-with-both', parameters: { at_least: String(AT_LEAST_EUR) } },
};

/** A question of Brightfen's, for itself. */
export function asBrightfen(question: QueryRequest['query']): QueryRequest {
  return { caller: claimedCaller('brightfen'), receivers: ['brightfen'], query: question };
}

/** The manifest, signed by both insurers, who approve the template too. `recipient` is where Brightfen gets results. */
export function signedManifest(recipient: string): string {
  const text = readFileSync(join(SAMPLE_FOLDER, 'manifest.json'), 'utf8');
  const approvals = { 'filed-with-both': ['brightfen', 'tannhof'] };
  return signDraft({ text, receive: { brightfen: recipient }, approvals });
}

/** Makes a room and loads the protected tables in `folder` into it. */
export async function fillRoom(directory: string, manifest: string, folder: string): Promise<readonly LoadSummary[]> {
  await createRoom({ directory, manifest, manifestFile: 'manifest.json', now: () => new Date() });
  const loads: LoadSummary[] = [];
  for (const [table, source] of Object.entries(SOURCES)) {
    loads.push(await loadTable({ directory, table, input: join(folder, `${source}.parquet`), now: () => new Date() }));
  }
  return loads;
}

/** What came out of a question: an Arrow stream for its receiver, in a package that only Brightfen can open. */
export interface Answer {
  readonly arrow: Uint8Array;
  readonly package: Uint8Array;
}

/** Asks a question that is allowed. */
export async function ask(runner: QueryRunner, manifest: Manifest, { name, question }: NamedQuestion): Promise<Answer> {
  const outcome = await runner.run(asBrightfen(question));
  if (outcome.kind === 'refused') throw new Error(`${name} was refused`);
  const bytes = await runner.pack(outcome.result, recipientsOf(manifest, ['brightfen']));
  return { arrow: outcome.result.table, package: bytes };
}

/** Opens a package as Brightfen does: with its identity, and the room's key that it trusts. */
export async function openAnswer(directory: string, bytes: Uint8Array, identity: string): Promise<OpenedPackage> {
  const verifiers = parseVerifiers(readFileSync((await openRoom(directory)).verifierFile, 'utf8'));
  return openPackage(bytes, { member: 'brightfen', identities: [identity], verifiers });
}

/** Checks the room's audit log as anybody can who has it and the room's key. */
export async function verifyRoomLog(directory: string): Promise<AuditReport> {
  const { auditDirectory, verifierFile } = await openRoom(directory);
  const verifiers = parseVerifiers(readFileSync(verifierFile, 'utf8'));
  return verifyLog({ directory: auditDirectory, verifiers, seen: [] });
}

/** An Arrow stream as a table to be printed. */
export function toPrinted(arrow: Uint8Array): PrintedTable {
  const table = tableFromIPC(arrow);
  const headers = table.schema.fields.map(({ name }) => name);
  const columns = headers.map((_, index) => table.getChildAt(index));
  const rows = Array.from({ length: table.numRows }, (_, row) =>
    columns.map((column): string | null => {
      const value = column?.get(row) as string | number | bigint | boolean | null;
      return value === null ? null : String(value);
    }),
  );
  return { headers, rows };
}

/** The manifest of a text that was signed. */
export function readManifest(text: string): Manifest {
  return parseManifest(text, { file: 'manifest.json' });
}
