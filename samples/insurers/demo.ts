import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { decryptTable, encryptTable, parseSettings, parseSharedSecret, parseTableSchema } from 'sealroom';
import type { SharedSecret } from 'sealroom';
import { runBadCases } from '../insurers_bad/run.ts';
import { SAMPLE_SEED } from './generate.ts';
import { makeInsurers } from './model.ts';
import { queryTable, tableSource, withDuckDb } from './table-reader.ts';
import type { PrintedTable } from './terminal.ts';
import { formatHeading, formatTable, formatText } from './terminal.ts';
import { computeTruth, SHARED_CLAIM_COLUMNS } from './truth.ts';
import type { Truth } from './truth.ts';

/** What the demo needs to know of an insurer to show its tables: a few columns of each, source and target headers. */
interface Party {
  readonly folder: string;
  readonly name: string;
  readonly tables: readonly {
    readonly name: string;
    readonly sourceColumns: string;
    readonly targetColumns: string;
  }[];
}

const PARTIES: readonly Party[] = [
  {
    folder: 'brightfen',
    name: 'Brightfen Mutual',
    tables: [
      {
        name: 'customers',
        sourceColumns: 'customer_id, full_name, email, phone_e164, region',
        targetColumns: 'customer_key, full_name, person_key, phone, region',
      },
      {
        name: 'claims',
        sourceColumns: 'claim_id, police_report, region, amount, amount_rounded, note',
        targetColumns: 'claim_id, incident_key, region, amount, amount_rounded, note',
      },
    ],
  },
  {
    folder: 'tannhof',
    name: 'Tannhof Assurance',
    tables: [
      {
        name: 'customers',
        sourceColumns: '"Policyholder No", Name, E_Mail, "Mobile E164", Region',
        targetColumns: 'customer_key, full_name, person_key, phone, region',
      },
      {
        name: 'claims',
        sourceColumns: '"Claim No", "Incident No", Region, Loss, "Loss Rounded", Remarks',
        targetColumns: 'claim_id, incident_key, region, amount, amount_rounded, note',
      },
    ],
  },
];

const SAMPLE_FOLDER = fileURLToPath(new URL('./', import.meta.url));
const RESULT_COLUMNS = 'incident_no, same_person, brightfen_holder, tannhof_holder, brightfen_amount, tannhof_amount';

/** Plays the collaboration in `workFolder`. Resolves to whether the decrypted result equals the cleartext truth. */
async function playCollaboration(workFolder: string): Promise<boolean> {
  const roomFolder = join(workFolder, 'room');
  const receiverFolder = join(workFolder, 'receiver');
  mkdirSync(roomFolder, { recursive: true });
  mkdirSync(receiverFolder, { recursive: true });
  const { id } = JSON.parse(readSample('collaboration.json')) as { id: string };
  // The members agree on the secret between themselves; here it is 32 fresh random bytes, in memory only.
  using secret = parseSharedSecret(randomBytes(32).toString('base64'));

  say(
    'Two insurers want to know which claims were filed with both of them, and for how much. Neither may see the ' +
      "other's customers, and whoever joins the tables may see neither.",
  );
  print('');
  say(`collaboration   ${id} (demo)`);
  say('shared secret   32 random bytes, fresh for this run, known to the two insurers only');
  say(`working folder  ${workFolder}`);

  for (const [index, party] of PARTIES.entries()) {
    heading(`${String(index + 1)}. ${party.name} encrypts`);
    await encryptParty(party, roomFolder, secret, id);
  }

  heading('3. The query runner joins, without a key');
  await runQueryRunner(roomFolder);

  heading('4. The receiver decrypts the result');
  const result = join(receiverFolder, 'filed-with-both.csv');
  const summary = await decryptTable({
    input: join(roomFolder, 'filed-with-both.parquet'),
    output: result,
    secret,
    collaborationId: id,
    overwrite: true,
  });
  const readable = await readTable(
    result,
    `${RESULT_COLUMNS} FROM source ORDER BY same_person DESC, incident_no LIMIT 6`,
  );
  say(`${String(summary.rows)} pairs of claims, names and amounts readable again. First those of one person:`);
  print(formatTable(readable));

  heading('5. Check against the truth');
  return await checkTruth(result, join(roomFolder, 'totals-per-region.parquet'));
}

async function encryptParty(party: Party, roomFolder: string, secret: SharedSecret, id: string): Promise<void> {
  const settings = parseSettings(readSample('settings.json'));
  for (const table of party.tables) {
    const input = join(SAMPLE_FOLDER, party.folder, `${table.name}.csv`);
    const output = join(roomFolder, `${party.folder}_${table.name}.parquet`);
    const schemaFile = `${party.folder}/${table.name}.schema.json`;
    const schema = parseTableSchema(readSample(schemaFile), { file: schemaFile });
    const summary = await encryptTable({
      input,
      output,
      schema,
      secret,
      collaborationId: id,
      settings,
      overwrite: true,
    });
    const { sealed, fingerprint, cleartext } = summary.columns;
    say(`${party.folder}/${table.name}.csv, as ${party.name} sees it:`);
    print(formatTable(await readTable(input, `${table.sourceColumns} FROM source LIMIT 3`)));
    say(
      `encrypted (${String(summary.rows)} rows in another order; ${String(fingerprint)} fingerprint, ${String(sealed)} sealed, ` +
        `${String(cleartext)} cleartext), as others see it:`,
    );
    print(formatTable(await readTable(output, `${table.targetColumns} FROM source LIMIT 3`)));
    print('');
  }
}

/** Runs `query-runner.ts` in a child process whose environment is empty: what it prints is all it can know. */
async function runQueryRunner(roomFolder: string): Promise<void> {
  say('DuckDB in a process of its own, started with an empty environment beside the protected tables. It says:');
  const script = fileURLToPath(new URL('query-runner.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), script, roomFolder], {
    cwd: roomFolder,
    env: {},
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.pipe(process.stdout, { end: false });
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (exitCode !== 0) throw new Error(`the query runner failed with exit code ${String(exitCode)}`);
}

async function checkTruth(resultFile: string, totalsFile: string): Promise<boolean> {
  const truth: Truth = computeTruth(makeInsurers(SAMPLE_SEED));
  const decrypted = await readTable(
    resultFile,
    `${SHARED_CLAIM_COLUMNS.join(', ')} FROM source ORDER BY incident_no, brightfen_claim, tannhof_claim`,
  );
  const expectedRows = truth.sharedClaims.map((row) => SHARED_CLAIM_COLUMNS.map((column) => row[column]));
  const totals = await readTable(totalsFile, '* FROM source ORDER BY region');
  const expectedTotals = truth.totals.map((total) => Object.values(total).map(String));
  const checks = [
    { claim: `${String(expectedRows.length)} decrypted pairs`, holds: isEqual(decrypted.rows, expectedRows) },
    { claim: `totals of ${String(expectedTotals.length)} regions`, holds: isEqual(totals.rows, expectedTotals) },
  ];
  for (const { claim, holds } of checks) say(`${claim} ${holds ? 'equal' : 'DIFFER FROM'} the join in cleartext`);
  return checks.every(({ holds }) => holds);
}

function isEqual(actual: unknown, expected: unknown): boolean {
  return JSON.stringify(actual) === JSON.stringify(expected);
}

/** Reads columns of a table file; `selection` is what follows SELECT, the file being `source`. */
async function readTable(path: string, selection: string): Promise<PrintedTable> {
  return withDuckDb((connection) =>
    queryTable(connection, `WITH source AS (FROM ${tableSource(path)}) SELECT ${selection}`),
  );
}

function readSample(file: string): string {
  return readFileSync(join(SAMPLE_FOLDER, file), 'utf8');
}

function heading(text: string): void {
  print('');
  print(formatHeading(text, process.stdout.isTTY));
}

function say(text: string): void {
  print(formatText(text));
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

// npm run demo [-- --keep <folder>]
const { values } = parseArgs({ options: { keep: { type: 'string' } } });
const workFolder = values.keep ?? mkdtempSync(join(tmpdir(), 'sealroom-demo-'));
if (values.keep === undefined) {
  process.once('exit', () => {
    rmSync(workFolder, { recursive: true, force: true });
  });
  process.once('SIGINT', () => {
    process.exit(130);
  });
}
const isTrue = await playCollaboration(workFolder);
heading('6. Ways it refuses (samples/insurers_bad)');
for (const { title, words, exitCode } of await runBadCases()) {
  say(`${title} -> exit code ${String(exitCode)}`);
  for (const line of words.trimEnd().split('\n')) say(line);
  print('');
}
say(
  `${values.keep === undefined ? 'Working folder removed.' : `Kept: ${workFolder}.`} Took ${(performance.now() / 1_000).toFixed(1)} s.`,
);
if (!isTrue) process.exitCode = 1;
