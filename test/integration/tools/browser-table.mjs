// A table that is encrypted and opened in a page, on the door for browsers, and the same in Node. What does not depend on chance
// must be equal.
import {
  decryptColumns,
  encryptColumns,
  LOW_ASSURANCE,
  parseSharedSecret,
  parseTableSchema,
  tableOfTexts,
  textsOfTable,
} from 'sealroom/browser';

/**
 * @typedef {import('./browser-page.mjs').Check} Check
 * @typedef {import('sealroom/browser').ColumnTable} ColumnTable
 * @typedef {(string | null)[]} Row
 */

const TABLE_ROWS = 50_000;
/** Asked for on a quiet machine are 3 s; a machine under load must not fail. */
const LIMIT_MS = 15_000;
/** Rows that the page hands over, to be opened in Node. */
const SAMPLE_ROWS = 500;

const SCHEMA = parseTableSchema(
  JSON.stringify({
    headerRow: true,
    columns: [
      { sourceHeader: 'id', type: 'cleartext' },
      { sourceHeader: 'city', type: 'cleartext' },
      { sourceHeader: 'week', type: 'cleartext' },
      { sourceHeader: 'email', type: 'fingerprint' },
      { sourceHeader: 'phone', type: 'fingerprint' },
      { sourceHeader: 'device', type: 'fingerprint' },
      { sourceHeader: 'note', type: 'sealed', pad: { type: 'max', length: 0 } },
      { sourceHeader: 'name', type: 'sealed', pad: { type: 'fixed', length: 40 } },
      { sourceHeader: 'amount', type: 'sealed', pad: { type: 'none' } },
      { sourceHeader: 'status', type: 'sealed', pad: { type: 'none' } },
    ],
  }),
);
const HEADERS = SCHEMA.columns.map(({ sourceHeader }) => sourceHeader);
const KINDS = SCHEMA.columns.map(({ kind }) => kind);

const TERMS = {
  secret: parseSharedSecret('AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8='),
  collaborationId: '0f4c1c9e-1f6a-4d5e-9a56-6f2d7c0b8a11',
};

/** @returns {Row[]} the same everywhere, some values of it missing */
function makeRows() {
  return Array.from({ length: TABLE_ROWS }, (_, row) => [
    `id${row}`,
    ['Bern', 'Zürich', 'Genève'][row % 3] ?? null,
    String(row % 53),
    `user${row % 40_000}@example.com`,
    row % 11 === 0 ? null : `+41 79 ${row}`,
    `device-${(row * 7919) % 1_000_003}`,
    row % 7 === 3 ? null : 'note '.repeat((row % 9) + 1),
    `Name ${row}`,
    String((row * 31) % 100_000),
    row % 2 === 0 ? 'open' : 'closed',
  ]);
}

/** @returns {Promise<ColumnTable>} */
export function encryptRows() {
  return encryptColumns(tableOfTexts(HEADERS, makeRows()), { ...TERMS, schema: SCHEMA, settings: LOW_ASSURANCE });
}

/**
 * What of protected rows is the same wherever they were made: cleartext, fingerprints, and how long sealed cells are.
 *
 * @param {Row[]} rows
 * @returns {Promise<string>} a hash of it, whatever the order of the rows
 */
export async function digestOf(rows) {
  const lines = rows.map((row) =>
    JSON.stringify(row.map((cell, index) => (KINDS[index] === 'sealed' ? (cell?.length ?? null) : cell))),
  );
  const bytes = new TextEncoder().encode(lines.sort().join('\n'));
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Whether rows are the ones that were encrypted, but for their fingerprints, in whatever order.
 *
 * @param {Row[]} opened
 */
function areOriginal(opened) {
  const originals = new Map(makeRows().map((row) => [row[0], row]));
  return opened.every((row) => {
    const original = originals.get(row[0] ?? null);
    return original?.every((value, index) => KINDS[index] === 'fingerprint' || row[index] === value) === true;
  });
}

/**
 * Runs in the page.
 *
 * @param {string} digest what Node's rows have
 * @returns {Promise<{ checks: Check[], sample: Row[] }>}
 */
export async function checkTable(digest) {
  const table = tableOfTexts(HEADERS, makeRows());
  const started = performance.now();
  const sealed = await encryptColumns(table, { ...TERMS, schema: SCHEMA, settings: LOW_ASSURANCE });
  const encrypted = performance.now();
  const opened = await decryptColumns(sealed, TERMS);
  const ended = performance.now();
  const seconds = (/** @type {number} */ ms) => `${(ms / 1000).toFixed(2)} s`;
  const size = `${TABLE_ROWS} rows x ${HEADERS.length} columns`;
  const took = `${seconds(ended - started)}: encrypted in ${seconds(encrypted - started)}, opened in ${seconds(ended - encrypted)}`;
  const rows = textsOfTable(sealed);
  const back = textsOfTable(opened);
  /** @type {(name: string, holds: boolean) => Check} */
  const check = (name, holds) => ({ name, problem: holds ? null : 'did not' });
  const ids = new Set(back.map(([id]) => id));
  return {
    checks: [
      check(`encrypts and opens ${size} in ${took} (limit ${seconds(LIMIT_MS)})`, ended - started < LIMIT_MS),
      check('gives back every row as it was', ids.size === TABLE_ROWS && areOriginal(back)),
      check(
        'puts the rows into another order',
        back.some(([id], index) => id !== `id${index}`),
      ),
      check('makes the fingerprints and lengths that Node makes', (await digestOf(rows)) === digest),
    ],
    sample: rows.slice(0, SAMPLE_ROWS),
  };
}

/**
 * Runs in Node.
 *
 * @param {Row[]} sample rows that the page has protected
 * @returns {Promise<Check>}
 */
export async function checkSample(sample) {
  const opened = await decryptColumns(tableOfTexts(HEADERS, sample), TERMS);
  const holds = opened.rows === SAMPLE_ROWS && areOriginal(textsOfTable(opened));
  return { name: `its cells open in Node`, problem: holds ? null : 'did not' };
}
