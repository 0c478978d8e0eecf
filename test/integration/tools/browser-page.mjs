// Runs in a browser, on the package as it is shipped: what the kernel `wasm` gives there, against answers from Node.
import {
  createKernel,
  defaultKernel,
  deriveFingerprintKey,
  deriveSealingRoot,
  encodePrefix,
  fingerprintTypeByte,
  sharedSecretFromBytes,
} from 'sealroom/crypto';

/**
 * @typedef {import('sealroom/crypto').Kernel} Kernel
 * @typedef {Parameters<Kernel['openColumn']>[1]} Column
 * @typedef {{ rows: number, offsets: number[], bytes: string, validity: string | null }} PlainColumn a column as JSON,
 *   bytes in Base64
 * @typedef {{ targetHeader: string, nullEncoding: string | null, padTargetBytes: number | null }} SealSettings
 * @typedef {object} Answers what Node's kernel made of the values
 * @property {string} secret
 * @property {string} collaborationId
 * @property {string} nonces
 * @property {PlainColumn} values
 * @property {PlainColumn} fingerprints
 * @property {{ settings: SealSettings, cells: PlainColumn, opened: PlainColumn, kinds: string }[]} sealed
 * @typedef {{ name: string, problem: string | null }} Check
 */

/** First use: compilation, self-test, memory. A second kernel has the compilation behind it. */
const START_MS = 1000;
const SELF_TEST_MS = 100;

/**
 * @param {Answers} answers
 * @returns {Check[]}
 */
export function checkKernel(answers) {
  const [kernel, startMs] = timed(() => createKernel('wasm'));
  const [, selfTestMs] = timed(() => createKernel('wasm'));
  const secret = sharedSecretFromBytes(fromBase64(answers.secret));
  const root = deriveSealingRoot(secret, answers.collaborationId);
  const key = deriveFingerprintKey(secret, answers.collaborationId, 'email', {
    allowJoinsOnColumnsWithDifferentNames: false,
  });
  const values = toColumn(answers.values);
  const prefix = encodePrefix({ kind: 'string' });
  const rows = values.rows;
  return [
    check(`is the kernel that a browser gets by itself`, () => expectEqual(defaultKernel(), 'wasm')),
    check(`starts in ${startMs.toFixed(1)} ms, compiled and tested (limit ${START_MS})`, () => startMs < START_MS),
    check(`tests itself in ${selfTestMs.toFixed(1)} ms (limit ${SELF_TEST_MS})`, () => selfTestMs < SELF_TEST_MS),
    check(`fingerprints ${rows} values as Node does`, () => {
      const task = { key, typeByte: fingerprintTypeByte({ kind: 'string' }), nulls: /** @type {const} */ ('keep') };
      return expectColumn(kernel.fingerprintColumn(task, values), answers.fingerprints);
    }),
    ...answers.sealed.flatMap(({ settings, cells, opened, kinds }) => [
      check(`seals ${rows} values as Node does, ${describe(settings)}`, () => {
        const nullEncoding = settings.nullEncoding === null ? null : fromBase64(settings.nullEncoding);
        const keys = kernel.deriveRowKeys(root, fromBase64(answers.nonces));
        return expectColumn(kernel.sealColumn({ ...settings, prefix, nullEncoding }, keys, values), cells);
      }),
      check(`opens ${rows} cells as Node does, ${describe(settings)}`, () => {
        const found = kernel.openColumn(root, toColumn(cells));
        return expectEqual(toBase64(found.kinds), kinds) && expectColumn(found.values, opened);
      }),
    ]),
    check('refuses a changed cell', () => refuses('FORMAT_TAG', () => kernel.openColumn(root, changed(answers)))),
    check('has no kernel of Node, and says so', () => refuses('USAGE_OPTION', () => createKernel('node'))),
  ];
}

/** @param {SealSettings} settings */
function describe({ nullEncoding, padTargetBytes }) {
  const pad = padTargetBytes === null ? 'not padded' : `padded to ${padTargetBytes}`;
  return `${pad}, nulls ${nullEncoding === null ? 'kept' : 'sealed'}`;
}

/**
 * A column of cells, the first of them with another tag.
 *
 * @param {Answers} answers
 */
function changed({ sealed }) {
  const [first] = sealed;
  if (first === undefined) throw new Error('expected sealed cells');
  const cells = toColumn(first.cells);
  const at = (cells.offsets.find((offset) => offset > 0) ?? 0) - 5;
  cells.bytes[at] = cells.bytes[at] === 0x41 ? 0x42 : 0x41;
  return cells;
}

/**
 * @template Result
 * @param {() => Result} act
 * @returns {[Result, number]} and how many milliseconds it took
 */
function timed(act) {
  const started = performance.now();
  const result = act();
  return [result, performance.now() - started];
}

/**
 * @param {string} name
 * @param {() => boolean} act
 * @returns {Check}
 */
function check(name, act) {
  try {
    return { name, problem: act() ? null : 'did not' };
  } catch (error) {
    return { name, problem: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
}

/**
 * @param {string} code
 * @param {() => void} act
 */
function refuses(code, act) {
  try {
    act();
  } catch (error) {
    return expectEqual(error instanceof Error && 'code' in error ? error.code : error, code);
  }
  throw new Error('it was accepted');
}

/**
 * @param {unknown} found
 * @param {unknown} expected
 */
function expectEqual(found, expected) {
  if (found === expected) return true;
  const [one, other] = [String(found), String(expected)];
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  throw new Error(`expected \`${other.slice(at, at + 40)}\` at ${at}, got \`${one.slice(at, at + 40)}\``);
}

/**
 * @param {Column} found
 * @param {PlainColumn} expected
 */
function expectColumn(found, expected) {
  return (
    expectEqual(found.rows, expected.rows) &&
    expectEqual(found.offsets.join(), expected.offsets.join()) &&
    expectEqual(found.validity === null ? null : toBase64(found.validity), expected.validity) &&
    expectEqual(toBase64(found.bytes.subarray(0, expected.offsets.at(-1))), expected.bytes)
  );
}

/**
 * @param {PlainColumn} column
 * @returns {Column}
 */
function toColumn({ rows, offsets, bytes, validity }) {
  return {
    rows,
    offsets: Int32Array.from(offsets),
    bytes: fromBase64(bytes),
    validity: validity === null ? null : fromBase64(validity),
  };
}

/** @param {string} text */
function fromBase64(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** @param {Uint8Array} bytes */
function toBase64(bytes) {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
