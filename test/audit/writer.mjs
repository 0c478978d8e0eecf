// A process of its own that starts queries until its budget, the disk or its life ends. Prints a line for each it may run.
//
//   node writer.mjs <directory> <signer file> <budget>
import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';
import { AuditLog, readSignerFile } from 'sealroom/audit';

const [, , directory = '', signerFile = '', budget = ''] = process.argv;
const hash = '0123456789abcdef'.repeat(4);
const use = { table: 'impressions', owner: 'pub', ruleSha256: hash, snapshotSha256: hash };
const limits = [{ type: /** @type {const} */ ('LIFETIME'), budget: Number(budget), autoRefresh: false }];

const signer = await readSignerFile(signerFile);
const log = await AuditLog.open({ directory, signer, now: () => new Date() });
try {
  for (;;) {
    const request = { attempt: randomUUID(), member: 'brand', manifestSha256: hash, irSha256: hash };
    const outcome = await log.start({ ...request, charges: [{ use, limits }] });
    if (!outcome.granted) break;
    writeSync(1, `${request.attempt}\n`);
  }
} catch (error) {
  writeSync(2, `${error instanceof Error && 'code' in error ? String(error.code) : String(error)}\n`);
  process.exitCode = 1;
}
