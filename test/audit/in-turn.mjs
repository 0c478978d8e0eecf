// A process of its own that starts one query for each line of its input. Prints what the budget had before, or "none".
//
//   node in-turn.mjs <directory> <signer file> <budget>
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { AuditLog, readSignerFile } from 'sealroom/audit';

const [, , directory = '', signerFile = '', budget = ''] = process.argv;
const hash = '0123456789abcdef'.repeat(4);
const use = { table: 'impressions', owner: 'pub', ruleSha256: hash, snapshotSha256: hash };
const limits = [{ type: /** @type {const} */ ('LIFETIME'), budget: Number(budget), autoRefresh: false }];

const log = await AuditLog.open({ directory, signer: await readSignerFile(signerFile), now: () => new Date() });
for await (const line of createInterface({ input: process.stdin })) {
  if (line !== 'start') break;
  const request = { attempt: randomUUID(), member: 'brand', manifestSha256: hash, irSha256: hash };
  const outcome = await log.start({ ...request, charges: [{ use, limits }] });
  process.stdout.write(`${outcome.granted ? String(outcome.budgets[0]?.before) : 'none'}\n`);
}
await log[Symbol.asyncDispose]();
