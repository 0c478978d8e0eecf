// Loads the package into headless Chromium, module by module as it is shipped, and compares its kernel with Node's.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createKernel,
  deriveFingerprintKey,
  deriveSealingRoot,
  encodeNull,
  encodePrefix,
  fingerprintTypeByte,
  sharedSecretFromBytes,
} from 'sealroom/crypto';

/**
 * @typedef {import('./browser-page.mjs').Answers} Answers
 * @typedef {import('./browser-page.mjs').Check} Check
 * @typedef {import('./browser-page.mjs').Column} Column
 * @typedef {import('./browser-page.mjs').PlainColumn} PlainColumn
 */

const ROOT = join(import.meta.dirname, '..', '..', '..');
const PAGE = new URL('browser-page.mjs', import.meta.url);
const COLLABORATION_ID = '0f4c1c9e-1f6a-4d5e-9a56-6f2d7c0b8a11';
/** More than the rows whose keys the kernel keeps at a time. */
const ROWS = 3000;
const TIMEOUT_MS = 120_000;

/** What of the repository the page may load: what npm publishes, and the one dependency of the cryptography. */
const SERVED = /^\/(dist\/src|node_modules\/@noble\/(ciphers|hashes))\/[\w./-]+\.js$/;
const NODE_IMPORT = /\b(?:from|import)\s*\(?\s*['"](node:[^'"]+)['"]/g;
const IMPORTS = {
  'sealroom/crypto': '/dist/src/public/crypto.js',
  '@noble/ciphers/': '/node_modules/@noble/ciphers/',
  '@noble/hashes/': '/node_modules/@noble/hashes/',
};

/**
 * Runs the checks of `browser-page.mjs` in a Chromium.
 *
 * @param {string} chromium the program
 * @returns {Promise<Check[]>}
 */
export async function checkInBrowser(chromium) {
  const nonce = randomBytes(16).toString('base64');
  const answers = JSON.stringify(makeAnswers());
  /** @type {string[]} */
  const modules = [];
  /** @type {string[]} */
  const ofNode = [];
  /** @type {(checks: Check[]) => void} */
  let answer = () => undefined;
  /** @type {Promise<Check[]>} */
  const result = new Promise((resolve) => (answer = resolve));
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    /** @param {string} type @param {string | Buffer} body */
    const send = (type, body) => response.writeHead(200, { 'content-type': type }).end(body);
    if (request.method === 'POST' && path === '/result') {
      let text = '';
      request.setEncoding('utf8').on('data', (/** @type {string} */ part) => (text += part));
      request.on('end', () => {
        send('text/plain', '');
        answer(JSON.parse(text));
      });
    } else if (path === '/') {
      // Compiling WebAssembly is all that the page is allowed beyond scripts of its own server.
      const policy = `default-src 'none'; script-src 'self' 'nonce-${nonce}' 'wasm-unsafe-eval'; connect-src 'self'`;
      response.setHeader('content-security-policy', policy);
      send('text/html', htmlOf(nonce));
    } else if (path === '/answers.json') {
      send('application/json', answers);
    } else if (path === '/page.mjs') {
      send('text/javascript', readFileSync(PAGE));
    } else if (SERVED.test(path) && !path.includes('..')) {
      const text = readFileSync(join(ROOT, path), 'utf8');
      modules.push(path);
      for (const [, specifier] of text.matchAll(NODE_IMPORT)) ofNode.push(`${path} imports ${specifier}`);
      send('text/javascript', text);
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected a port');
  try {
    const checks = await visit(chromium, `http://127.0.0.1:${address.port}/`, result);
    // The browser says only that something could not be fetched.
    const name = `loads ${modules.length} modules as they are shipped, none of which imports from Node`;
    const problem = ofNode.length === 0 ? null : ofNode.join(', ');
    return [{ name, problem }, ...checks];
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

/** @param {string} nonce */
function htmlOf(nonce) {
  // A module that cannot be loaded, as one that imports from `node:`, arrives as a rejected import.
  return `<!doctype html><meta charset="utf-8"><title>sealroom</title><link rel="icon" href="data:,">
<script type="importmap" nonce="${nonce}">${JSON.stringify({ imports: IMPORTS })}</script>
<script type="module" nonce="${nonce}">
  let checks;
  try {
    const { checkKernel } = await import('/page.mjs');
    const answers = await (await fetch('/answers.json')).json();
    checks = checkKernel(answers);
  } catch (error) {
    checks = [{ name: 'loads the package', problem: String(error) }];
  }
  await fetch('/result', { method: 'POST', body: JSON.stringify(checks) });
</script>`;
}

/**
 * Opens a page and waits for its result.
 *
 * @param {string} chromium
 * @param {string} url
 * @param {Promise<Check[]>} result
 * @returns {Promise<Check[]>}
 */
async function visit(chromium, url, result) {
  const profile = mkdtempSync(join(tmpdir(), 'sealroom-browser-'));
  // The sandbox refuses to run as root; the page is our own.
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const flags = ['--headless', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking'];
  const browser = spawn(chromium, [...flags, '--no-first-run', `--user-data-dir=${profile}`, ...asRoot, url], {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  let words = '';
  browser.stderr.setEncoding('utf8').on('data', (/** @type {string} */ part) => (words = (words + part).slice(-2000)));
  const closed = new Promise((resolve) => browser.on('close', resolve));
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  try {
    return await Promise.race([
      result,
      closed.then(() => {
        throw new Error(`Chromium ended before the page answered:\n${words}`);
      }),
      new Promise((_, reject) => {
        browser.on('error', reject);
        timer = setTimeout(
          () => reject(new Error(`no answer from the page in ${TIMEOUT_MS / 1000} s:\n${words}`)),
          TIMEOUT_MS,
        );
      }),
    ]);
  } finally {
    clearTimeout(timer);
    // Its helpers are in its process group.
    if (browser.pid !== undefined && browser.exitCode === null) process.kill(-browser.pid, 'SIGKILL');
    await closed;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/**
 * Values of all lengths that cells can have, some null, and what the kernel `node` makes of them.
 *
 * @returns {Answers}
 */
function makeAnswers() {
  const kernel = createKernel('node');
  const secretBytes = randomBytes(32);
  const secret = sharedSecretFromBytes(secretBytes);
  const root = deriveSealingRoot(secret, COLLABORATION_ID);
  const key = deriveFingerprintKey(secret, COLLABORATION_ID, 'email', { allowJoinsOnColumnsWithDifferentNames: false });
  const text = /** @type {const} */ ({ kind: 'string' });
  const values = makeValues();
  const nonces = randomBytes(ROWS * 32);
  const fingerprints = kernel.fingerprintColumn({ key, typeByte: fingerprintTypeByte(text), nulls: 'keep' }, values);
  const sealed = [
    { targetHeader: 'note', nullEncoding: null, padTargetBytes: null },
    { targetHeader: 'ärger', nullEncoding: encodeNull(text), padTargetBytes: 6000 },
  ].map((settings) => {
    const keys = kernel.deriveRowKeys(root, nonces);
    const cells = kernel.sealColumn({ ...settings, prefix: encodePrefix(text) }, keys, values);
    const opened = kernel.openColumn(root, cells);
    const { nullEncoding } = settings;
    return {
      settings: { ...settings, nullEncoding: nullEncoding === null ? null : toBase64(nullEncoding) },
      cells: toPlain(cells),
      opened: toPlain(opened.values),
      kinds: toBase64(opened.kinds),
    };
  });
  return {
    secret: toBase64(secretBytes),
    collaborationId: COLLABORATION_ID,
    nonces: toBase64(nonces),
    values: toPlain(values),
    fingerprints: toPlain(fingerprints),
    sealed,
  };
}

/** @returns {Column} lengths 0 to 299, every hundredth value 5,000 bytes, every seventh null */
function makeValues() {
  const offsets = new Int32Array(ROWS + 1);
  const validity = new Uint8Array(Math.ceil(ROWS / 8));
  for (let row = 0; row < ROWS; row++) {
    const isPresent = row % 7 !== 3;
    if (isPresent) validity[row >> 3] = (validity[row >> 3] ?? 0) | (1 << (row & 7));
    const bytes = row % 100 === 50 ? 5000 : row % 300;
    offsets[row + 1] = (offsets[row] ?? 0) + (isPresent ? bytes : 0);
  }
  return { rows: ROWS, offsets, bytes: randomBytes(offsets[ROWS] ?? 0), validity };
}

/**
 * @param {Column} column
 * @returns {PlainColumn}
 */
function toPlain({ rows, offsets, bytes, validity }) {
  return {
    rows,
    offsets: [...offsets],
    bytes: toBase64(bytes.subarray(0, offsets.at(-1))),
    validity: validity === null ? null : toBase64(validity),
  };
}

/** @param {Uint8Array} bytes */
function toBase64(bytes) {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}
