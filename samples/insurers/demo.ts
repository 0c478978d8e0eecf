import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { generateHybridIdentity, identityToRecipient } from 'age-encryption';
import { decryptTable, encryptTable, parseSharedSecret, parseTableSchema, renderFindings } from 'sealroom';
import type { SharedSecret } from 'sealroom';
import { type Manifest, settingsOf } from 'sealroom/collab';
import { describeObligation, previewQuery, QueryRunner } from 'sealroom/query';
import type { LoadSummary } from 'sealroom/room';
import { runBadCases } from '../insurers_bad/run.ts';
import { roundAmount } from './amounts.ts';
import { SAMPLE_SEED } from './generate.ts';
import { makeInsurers } from './model.ts';
import type { Answer, NamedQuestion } from './room.ts';
import {
  asBrightfen,
  ask,
  AT_LEAST_EUR,
  FILED_WITH_BOTH,
  fillRoom,
  openAnswer,
  questionsOf,
  readManifest,
  signedManifest,
  toPrinted,
  verifyRoomLog,
} from './room.ts';
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

/** Columns of the protected pairs that fit the screen. */
const SHOWN_COLUMNS = ['region', 'same_person', 'brightfen_holder', 'tannhof_holder', 'brightfen_note'];

/** The threshold of the rules: a group has at least so many incidents. */
const SMALLEST_GROUP = 5;

const RESULT_COLUMNS = 'incident_no, same_person, brightfen_holder, tannhof_holder, brightfen_amount, tannhof_amount';

/** Plays the collaboration in `workFolder`. Resolves to whether the decrypted result equals the cleartext truth. */
async function playCollaboration(workFolder: string): Promise<boolean> {
  const protectedFolder = join(workFolder, 'protected');
  const roomFolder = join(workFolder, 'room');
  const receiverFolder = join(workFolder, 'receiver');
  mkdirSync(protectedFolder, { recursive: true });
  mkdirSync(receiverFolder, { recursive: true });
  const identity = await generateHybridIdentity();
  const signed = signedManifest(await identityToRecipient(identity));
  const manifest = readManifest(signed);
  // The members agree on the secret between themselves; here it is 32 fresh random bytes, in memory only.
  using secret = parseSharedSecret(randomBytes(32).toString('base64'));

  say(
    'Two insurers want to know which claims were filed with both of them, and for how much. Neither may see the ' +
      "other's customers, and whoever joins the tables may see neither.",
  );
  print('');
  say(`collaboration   ${manifest.id} (demo)`);
  say('manifest        tables and rules of both, signed by both');
  say('shared secret   32 random bytes, fresh for this run, known to the two insurers only');
  say(`working folder  ${workFolder}`);

  for (const [index, party] of PARTIES.entries()) {
    heading(`${String(index + 1)}. ${party.name} encrypts`);
    await encryptParty(party, protectedFolder, secret, manifest);
  }

  heading('3. The room takes the protected tables in, without a key');
  showLoads(await fillRoom(roomFolder, signed, protectedFolder));

  // What runs queries refuses to start where the secret is in its environment; it gets an empty one.
  await using runner = await QueryRunner.open({ directory: roomFolder, env: {}, now: () => new Date() });
  heading('4. Brightfen asks what the rules allow');
  const answers: Answer[] = [];
  for (const question of [...questionsOf('queries'), FILED_WITH_BOTH]) {
    await showCheck(roomFolder, question);
    const answer = await ask(runner, manifest, question);
    answers.push(answer);
    showAnswer(answer);
  }

  heading('5. Brightfen asks what the rules do not allow');
  await showRefusals(runner);

  heading('6. Brightfen opens its packages');
  const opened = await Promise.all(answers.map((answer) => openAnswer(roomFolder, answer.package, identity)));
  const [incidents, totals, pairs] = opened;
  if (incidents === undefined || totals === undefined || pairs === undefined) throw new Error('an answer is missing');
  const result = join(receiverFolder, 'filed-with-both.csv');
  const { rows } = await decryptTable({
    input: { kind: 'memory', bytes: pairs.table, format: pairs.statement.result.format },
    output: result,
    secret,
    collaborationId: pairs.statement.collaboration,
    overwrite: true,
  });
  say(`Signed by ${pairs.signedBy.join(', ')}, for ${pairs.statement.receivers.join(', ')} only.`);
  say(`${String(rows)} pairs of claims, names and amounts readable again. First those of one person:`);
  print(
    formatTable(
      await readTable(result, `${RESULT_COLUMNS} FROM source ORDER BY same_person DESC, incident_no LIMIT 6`),
    ),
  );

  heading('7. Anybody checks the audit log');
  const isLogWhole = await showLog(roomFolder);

  heading('8. Check against the truth');
  const isTrue = await checkTruth(result, toPrinted(totals.table), toPrinted(incidents.table));
  return isLogWhole && isTrue;
}

function showLoads(loads: readonly LoadSummary[]): void {
  print(
    formatTable({
      headers: ['table', 'rows', 'left out', 'snapshot'],
      rows: loads.map(({ table: { name, snapshot }, leftOut }) => [
        name,
        String(snapshot?.rows ?? 0),
        leftOut.join(', '),
        (snapshot?.sha256 ?? '').slice(0, 12),
      ]),
    }),
  );
}

/** What `sealroom check` says of a question: what is added to it, and what it costs. */
async function showCheck(directory: string, { name, question }: NamedQuestion): Promise<void> {
  const room = { directory, env: {}, now: (): Date => new Date() };
  const { verdict, budgets } = await previewQuery(room, asBrightfen(question));
  if (!verdict.allowed) throw new Error(`${name} was refused`);
  say(`${name}: allowed`);
  for (const obligation of verdict.obligations) say(`  is added: ${describeObligation(obligation)}`);
  for (const { table, before, after, budget } of budgets) {
    say(`  costs: ${table}, ${String(before)} of ${String(budget)} left today, ${String(after)} after it`);
  }
}

function showAnswer({ arrow }: Answer): void {
  const { headers, rows } = toPrinted(arrow);
  const shown = headers.filter((header) => headers.length < 6 || SHOWN_COLUMNS.includes(header));
  const at = shown.map((header) => headers.indexOf(header));
  say(
    `-> ${String(rows.length)} ${rows.length === 1 ? 'row' : 'rows'}${headers.length === shown.length ? '' : ', names and amounts still sealed'}:`,
  );
  print(formatTable({ headers: shown, rows: rows.slice(0, 8).map((row) => at.map((index) => row[index] ?? null)) }));
  print('');
}

async function showRefusals(runner: QueryRunner): Promise<void> {
  for (const { name, question } of questionsOf('queries/refused')) {
    const outcome = await runner.run(asBrightfen(question));
    if (outcome.kind !== 'refused') throw new Error(`${name} was not refused`);
    say(`${name}: refused`);
    for (const line of renderFindings(outcome.text, outcome.findings).split('\n')) print(`    ${line}`.trimEnd());
    print('');
  }
}

/** Prints what the log tells, and whether it is as the room signed it. */
async function showLog(directory: string): Promise<boolean> {
  const { records, problems, signedBy } = await verifyRoomLog(directory);
  say(
    problems.length === 0
      ? `${String(records)} records, each in its place, under one signed checkpoint of ${signedBy.join(', ')}: every question, ` +
          'allowed or not, and what it cost.'
      : `The log is not as it was signed: ${String(problems.length)} problems.`,
  );
  return problems.length === 0;
}

async function encryptParty(
  party: Party,
  protectedFolder: string,
  secret: SharedSecret,
  manifest: Manifest,
): Promise<void> {
  for (const table of party.tables) {
    const input = join(SAMPLE_FOLDER, party.folder, `${table.name}.csv`);
    const output = join(protectedFolder, `${party.folder}_${table.name}.parquet`);
    const schemaFile = `${party.folder}/${table.name}.schema.json`;
    const schema = parseTableSchema(readSample(schemaFile), { file: schemaFile });
    const summary = await encryptTable({
      input,
      output,
      schema,
      secret,
      ...settingsOf(manifest),
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

/** Holds the answers against the joins in cleartext, from which the thresholds of the rules were taken out. */
async function checkTruth(resultFile: string, totals: PrintedTable, incidents: PrintedTable): Promise<boolean> {
  const truth: Truth = computeTruth(makeInsurers(SAMPLE_SEED));
  const decrypted = await readTable(
    resultFile,
    `${SHARED_CLAIM_COLUMNS.join(', ')} FROM source ORDER BY incident_no, brightfen_claim, tannhof_claim`,
  );
  const pairs = truth.sharedClaims.filter(({ brightfen_amount: amount }) => roundedEur(amount) >= AT_LEAST_EUR);
  const expectedPairs = pairs.map((row) => SHARED_CLAIM_COLUMNS.map((column) => row[column]));
  const released = truth.totals.filter((total) => total.incidents >= SMALLEST_GROUP);
  const expectedTotals = released.map((total) => Object.values(total).map(String));
  const count = new Set(truth.sharedClaims.map((row) => row.incident_no)).size;
  const checks = [
    { claim: `${String(count)} incidents of both`, holds: isEqual(incidents.rows, [[String(count)]]) },
    {
      claim: `totals of ${String(released.length)} regions (${String(truth.totals.length - released.length)} stays out)`,
      holds: isEqual(totals.rows, expectedTotals),
    },
    { claim: `${String(pairs.length)} decrypted pairs`, holds: isEqual(decrypted.rows, expectedPairs) },
  ];
  for (const { claim, holds } of checks) say(`${claim} ${holds ? 'equal' : 'DIFFER FROM'} the join in cleartext`);
  return checks.every(({ holds }) => holds);
}

/** An amount such as `1234.56` as the insurers share it in clear: rounded to 10 euro. */
function roundedEur(amount: string | null): number {
  return roundAmount(amount === null ? null : Number(amount.replace('.', ''))) ?? 0;
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
heading('9. Ways encryption refuses (samples/insurers_bad)');
for (const { title, words, exitCode } of await runBadCases()) {
  say(`${title} -> exit code ${String(exitCode)}`);
  for (const line of words.trimEnd().split('\n')) say(line);
  print('');
}
say(
  `${values.keep === undefined ? 'Working folder removed.' : `Kept: ${workFolder}.`} Took ${(performance.now() / 1_000).toFixed(1)} s.`,
);
if (!isTrue) process.exitCode = 1;
