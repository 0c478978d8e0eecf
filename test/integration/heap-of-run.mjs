// Encrypts a table to its standard output and looks at its own heap twice: while the secret is in use, and when all is done.
// Prints, as JSON, which of the texts in the environment variable NEEDLES were found in either.
//
//   NEEDLES='["…"]' node heap-of-run.mjs <directory> <arguments of sealroom>…
import { PassThrough, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { getHeapSnapshot } from 'node:v8';
import { runCli } from '#cli/run';

const [cwd = '', ...argv] = process.argv.slice(2);
const env = { SEALROOM_HOME: process.env['SEALROOM_HOME'] };

/** @type {string[]} */
const snapshots = [];

const stdout = new Writable({
  write(_chunk, _encoding, done) {
    // The table is being written: its rows were encrypted, and the secret is not disposed of yet.
    const taken = snapshots.length > 0 ? Promise.resolve() : takeSnapshot();
    taken.then(() => done(), done);
  },
});

const code = await runCli({ argv, env, cwd, stdin: new PassThrough().end(), stdout, stderr: process.stderr });
await takeSnapshot();
// Read only now: until here the texts to look for are in no string of this process but the environment's.
const needles = JSON.parse(process.env['NEEDLES'] ?? '[]');
const found = snapshots.map((snapshot) => needles.map((/** @type {string} */ needle) => snapshot.includes(needle)));
process.stdout.write(JSON.stringify({ code, found }));

async function takeSnapshot() {
  snapshots.push(await text(getHeapSnapshot()));
}
