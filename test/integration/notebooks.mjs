// Writes the outputs of the notebooks anew, after a change that they show.
//
//   npm run notebooks [-- first-collaboration.ipynb …]
import { basename } from 'node:path';
import { listNotebooks, runNotebooks } from './tools/notebooks.mjs';

const wanted = process.argv.slice(2).map((name) => basename(name));
const found = listNotebooks();
const unknown = wanted.find((name) => !found.some((path) => basename(path) === name));
if (unknown !== undefined) {
  throw new Error(`no notebook ${unknown}; there are ${found.map((path) => basename(path)).join(', ')}`);
}
const chosen = wanted.length === 0 ? found : found.filter((path) => wanted.includes(basename(path)));
const { failed } = runNotebooks(chosen, { write: true });
process.exitCode = failed === 0 ? 0 : 1;
