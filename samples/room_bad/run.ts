import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { renderFindings } from 'sealroom';
import { QueryRunner } from 'sealroom/query';
import { askAs, openCampaign } from '../room/run.ts';

const QUERIES = fileURLToPath(new URL('./queries/', import.meta.url));

/** What is said to each query, as `expected.txt` has it. */
export async function runRefused(workFolder: string): Promise<string> {
  const { directory, secret } = await openCampaign(workFolder);
  secret[Symbol.dispose]();
  await using runner = await QueryRunner.open({ directory, env: {}, now: () => new Date() });
  const parts: string[] = [];
  for (const file of readdirSync(QUERIES).sort()) {
    const sql = readFileSync(join(QUERIES, file), 'utf8');
    const outcome = await runner.run(askAs({ kind: 'text', sql }));
    const words = outcome.kind === 'refused' ? renderFindings(outcome.text, outcome.findings) : 'allowed';
    parts.push(`== ${file}\n\n${words}\n`);
  }
  return parts.join('\n');
}

// npx tsx samples/room_bad/run.ts
if (argv[1] === fileURLToPath(import.meta.url)) {
  const workFolder = mkdtempSync(join(tmpdir(), 'sealroom-sample-'));
  try {
    process.stdout.write(await runRefused(workFolder));
  } finally {
    rmSync(workFolder, { recursive: true });
  }
}
