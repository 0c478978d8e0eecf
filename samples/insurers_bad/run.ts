import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** One refusal: what is wrong, and the command that meets it. */
interface BadCase {
  readonly title: string;
  readonly args: readonly string[];
  /** Must not exist afterwards; relative to this folder. */
  readonly output: string;
}

const COLLABORATION_ID = '5ea1ed00-d3a0-4c0f-8a00-00000000de30';

const BAD_CASES: readonly BadCase[] = [
  encryptCase('a note longer than its fixed pad', 'pad-too-small/claims', 'settings.json'),
  encryptCase('a comma without quotes makes one field too many', 'wrong-field-count/claims', 'settings.json'),
  encryptCase(
    'a key that repeats where duplicates are not allowed',
    'repeated-key/customers',
    'repeated-key/settings.json',
  ),
  {
    title: 'a secret that is not the one the table was encrypted with',
    args: ['decrypt', 'wrong-secret/claims.protected.csv', '--id', COLLABORATION_ID, '--output', 'claims.csv'],
    output: 'claims.csv',
  },
];

/** How a case ended. */
export interface Refusal {
  readonly title: string;
  readonly args: readonly string[];
  /** What the command line printed to standard error. */
  readonly words: string;
  readonly exitCode: number | null;
  /** Whether the output exists all the same. */
  readonly leftOutput: boolean;
}

/** Runs every case on a copy of this folder. */
export async function runBadCases(): Promise<Refusal[]> {
  const workFolder = mkdtempSync(join(tmpdir(), 'sealroom-bad-'));
  try {
    cpSync(fileURLToPath(new URL('./', import.meta.url)), workFolder, { recursive: true });
    const runs = BAD_CASES.map(async ({ title, args, output }) => {
      const { words, exitCode } = await runCli(args, workFolder);
      return { title, args, words, exitCode, leftOutput: existsSync(join(workFolder, output)) };
    });
    return await Promise.all(runs);
  } finally {
    rmSync(workFolder, { recursive: true, force: true });
  }
}

/** The refusals as a session in a terminal, as `expected.txt` has it. */
export function formatTranscript(refusals: readonly Refusal[]): string {
  return refusals
    .map(({ title, args, words, exitCode, leftOutput }) => {
      const command = args.join(' ').replaceAll(' --', ' \\\n    --');
      const output = leftOutput ? 'OUTPUT LEFT BEHIND' : 'no output';
      return `# ${title}\n$ sealroom ${command}\n${words}[exit code ${String(exitCode)}, ${output}]\n`;
    })
    .join('\n');
}

async function runCli(args: readonly string[], cwd: string): Promise<{ words: string; exitCode: number | null }> {
  const main = fileURLToPath(new URL('../../dist/bin/sealroom.js', import.meta.url));
  const env = { C3R_SHARED_SECRET: randomBytes(32).toString('base64') };
  const child = spawn(process.execPath, [main, ...args], { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] });
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words += text;
  });
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { words, exitCode };
}

function encryptCase(title: string, table: string, settings: string): BadCase {
  const output = `${table}.protected.parquet`;
  const schema = `${table}.schema.json`;
  return {
    title,
    args: [
      'encrypt',
      `${table}.csv`,
      '--schema',
      schema,
      '--id',
      COLLABORATION_ID,
      '--settings',
      settings,
      '--output',
      output,
    ],
    output,
  };
}

// npx tsx samples/insurers_bad/run.ts
if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(formatTranscript(await runBadCases()));
