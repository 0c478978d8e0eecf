// Work that never changes, of the kinds that encrypting a table consists of: integer arithmetic in JavaScript, copying in memory, the
// table engine, and writing. Its CPU time says how fast this machine is at this moment: node calibrate.mjs TABLE.csv FOLDER
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { DuckDBInstance } from '@duckdb/node-api';
import { sha256 } from '@noble/hashes/sha2.js';

const HASHED_BYTES = 24 * 2 ** 20;
const BLOCK_BYTES = 2 ** 20;
const COPIED_BLOCKS = 1500;
const WRITTEN_BLOCKS = 150;

const [table = '', folder = ''] = process.argv.slice(2);

const hash = sha256.create();
const piece = new Uint8Array(HASHED_BYTES / 64).fill(7);
for (let round = 0; round < 64; round++) hash.update(piece);
hash.digest();

const [from, to] = [new Uint8Array(4 * BLOCK_BYTES).fill(1), new Uint8Array(4 * BLOCK_BYTES)];
for (let block = 0; block < COPIED_BLOCKS; block++) to.set(from.subarray(0, BLOCK_BYTES), (block % 4) * BLOCK_BYTES);

const path = join(folder, 'calibration');
const file = openSync(path, 'w');
for (let block = 0; block < WRITTEN_BLOCKS; block++) writeSync(file, to, 0, BLOCK_BYTES);
closeSync(file);
rmSync(path);

const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
const connection = await instance.connect();
const quote = (/** @type {string} */ text) => `'${text.replaceAll("'", "''")}'`;
const source = `read_csv(${quote(table)}, header = true, all_varchar = true, delim = ',', quote = '"', escape = '"')`;
await connection.run(`COPY (FROM ${source}) TO ${quote(path)} (FORMAT parquet)`);
rmSync(path);
