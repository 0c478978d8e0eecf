import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { generateHybridIdentity, identityToRecipient } from 'age-encryption';
import {
  decryptTable,
  encryptTable,
  parseSharedSecret,
  parseTableSchema,
  renderFindings,
  type SharedSecret,
} from 'sealroom';
import { parseVerifiers, verifyLog } from 'sealroom/audit';
import { type Manifest, parseManifest, settingsOf } from 'sealroom/collab';
import { openPackage, recipientsOf } from 'sealroom/package';
import { claimedCaller, type QueryRequest, QueryRunner } from 'sealroom/query';
import { createRoom, loadTable, openRoom } from 'sealroom/room';
import { signDraft } from './sign.ts';

const SAMPLE = fileURLToPath(new URL('./', import.meta.url));

const TABLES = { impressions: 'paper', purchases: 'shoes', readers: 'paper' } as const;

const read = (...path: readonly string[]): string => readFileSync(join(SAMPLE, ...path), 'utf8');

/** A room with its tables loaded, and what its members keep for themselves. */
export interface Campaign {
  readonly directory: string;
  readonly secret: SharedSecret;
  readonly manifest: Manifest;
  /** The age identity of `shoes`, which receives results. */
  readonly identity: string;
}

/** Encrypts the tables of both members, and loads them into a new room below `workFolder`. */
export async function openCampaign(workFolder: string): Promise<Campaign> {
  const secret = parseSharedSecret(randomBytes(32).toString('base64'));
  const identity = await generateHybridIdentity();
  const text = signDraft({
    text: read('manifest.json'),
    receive: { shoes: await identityToRecipient(identity) },
    approvals: { 'letters-since': ['paper'] },
  });
  const manifest = parseManifest(text);
  const directory = join(workFolder, 'room');
  await createRoom({ directory, manifest: text, manifestFile: 'manifest.json', now: () => new Date() });
  for (const [table, owner] of Object.entries(TABLES)) {
    const output = join(workFolder, `${table}.parquet`);
    const schema = parseTableSchema(read(owner, `${table}.schema.json`));
    const input = join(SAMPLE, owner, `${table}.csv`);
    await encryptTable({ input, output, schema, secret, ...settingsOf(manifest) });
    await loadTable({ directory, table, input: output, now: () => new Date() });
  }
  return { directory, secret, manifest, identity };
}

/** A query of `shoes`, for itself. */
export function askAs(question: QueryRequest['query']): QueryRequest {
  return { caller: claimedCaller('shoes'), receivers: ['shoes'], query: question };
}

function questionOf(file: string): QueryRequest['query'] {
  const text = read('queries', file);
  if (!file.endsWith('.json')) return { kind: 'text', sql: text };
  const { template, parameters } = JSON.parse(text) as { template: string; parameters: Record<string, string> };
  return { kind: 'template', id: template, parameters };
}

/** Asks, carries the answer as a package to its receiver, and opens it there. The answer as CSV. */
async function answer(campaign: Campaign, runner: QueryRunner, file: string, workFolder: string): Promise<string> {
  const { directory, manifest, identity, secret } = campaign;
  const outcome = await runner.run(askAs(questionOf(file)));
  if (outcome.kind === 'refused') throw new Error(renderFindings(outcome.text, outcome.findings));
  const bytes = await runner.pack(outcome.result, recipientsOf(manifest, ['shoes']));
  const verifiers = parseVerifiers(readFileSync((await openRoom(directory)).verifierFile, 'utf8'));
  const { table, statement } = await openPackage(bytes, { member: 'shoes', identities: [identity], verifiers });
  const output = join(workFolder, 'answer.csv');
  const { collaboration: collaborationId, result } = statement;
  await decryptTable({
    input: { kind: 'memory', bytes: table, format: result.format },
    output,
    overwrite: true,
    secret,
    collaborationId,
  });
  return readFileSync(output, 'utf8');
}

/** Answers all queries of the sample, by the name of their file. */
export async function runSample(workFolder: string): Promise<Readonly<Record<string, string>>> {
  mkdirSync(workFolder, { recursive: true });
  const campaign = await openCampaign(workFolder);
  const answers: Record<string, string> = {};
  try {
    await using runner = await QueryRunner.open({ directory: campaign.directory, env: {}, now: () => new Date() });
    for (const file of readdirSync(join(SAMPLE, 'queries')).sort()) {
      answers[file] = await answer(campaign, runner, file, workFolder);
    }
  } finally {
    campaign.secret[Symbol.dispose]();
  }
  const { auditDirectory, verifierFile } = await openRoom(campaign.directory);
  const verifiers = parseVerifiers(readFileSync(verifierFile, 'utf8'));
  const { problems } = await verifyLog({ directory: auditDirectory, verifiers, seen: [] });
  if (problems.length > 0) throw new Error('the audit log is not as it was signed');
  return answers;
}

// npx tsx samples/room/run.ts
if (argv[1] === fileURLToPath(import.meta.url)) {
  const workFolder = mkdtempSync(join(tmpdir(), 'sealroom-sample-'));
  try {
    for (const [file, csv] of Object.entries(await runSample(workFolder))) process.stdout.write(`${file}\n${csv}\n`);
  } finally {
    rmSync(workFolder, { recursive: true });
  }
}
