// Compares the outputs of an executed notebook with those in the repository (docs/decisions/024-outputs-of-notebooks.md).

/**
 * @typedef {string | string[]} Text
 * @typedef {{ output_type: string, name?: string, text?: Text, data?: Record<string, unknown>, ename?: string, evalue?: string }} Output
 * @typedef {{ cell_type: string, source: Text, metadata?: { tags?: string[] }, outputs?: Output[], execution_count?: number | null }} Cell
 * @typedef {{ cells: Cell[] }} Notebook
 */

/** The tag of a cell whose output is different each time: only its kind is compared. */
const RANDOM = 'random';

/** Attributes of SVG that are places and sizes; all others must be the same. */
const GEOMETRY = new Set('x y x1 y1 x2 y2 cx cy r rx ry dx dy width height d points transform viewBox'.split(' '));
/** Attributes of SVG that are names within the file. */
const NAMES = new Set(['id', 'clip-path', 'href', 'xlink:href']);
/** How far places may be apart, in pixels: platforms round differently. */
const TOLERANCE = 1;

/** What is different in each run, and what stands for it. */
const CHANGING = /** @type {const} */ ([
  [/02:(enc|hmac):[\w+/=…]*/g, '02:$1:<cell>'],
  [/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, '<id>'],
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?/g, '<time>'],
  [/(?:\/private)?(?:\/tmp|\/var\/folders)\/[^\s'"<>,;)]*/g, '<path>'],
  [/\b0x[0-9a-f]{6,}\b/g, '<address>'],
]);

/**
 * What is wrong with an executed notebook, compared to the one in the repository.
 *
 * @param {Notebook} committed
 * @param {Notebook} executed
 * @returns {string[]} one line for each cell that failed, was not executed, or says something else
 */
export function compareNotebooks(committed, executed) {
  return executed.cells.flatMap((cell, index) => {
    if (cell.cell_type !== 'code' || join(cell.source).trim() === '') return [];
    const place = `cell ${index + 1}`;
    const now = joinStreams(cell.outputs ?? []);
    const errors = now.filter((output) => output.output_type === 'error');
    if (errors.length > 0) return errors.map((error) => `${place}: ${error.ename ?? 'error'}: ${error.evalue ?? ''}`);
    if (typeof cell.execution_count !== 'number') return [`${place}: was not executed`];
    const problem = compareOutputs(joinStreams(committed.cells[index]?.outputs ?? []), now, {
      isRandom: cell.metadata?.tags?.includes(RANDOM) ?? false,
    });
    return problem === null ? [] : [`${place}: ${problem}`];
  });
}

/**
 * @param {Output[]} committed
 * @param {Output[]} now
 * @param {{ isRandom: boolean }} options
 * @returns {string | null}
 */
function compareOutputs(committed, now, { isRandom }) {
  const kinds = [committed, now].map((outputs) => outputs.map(kindOf).join('; '));
  if (kinds[0] !== kinds[1]) return `has ${kinds[1] || 'no output'}, committed is ${kinds[0] || 'no output'}`;
  if (isRandom) return null;
  for (const [index, output] of now.entries()) {
    for (const [type, text] of formsOf(output)) {
      const before = formsOf(committed[index] ?? output).find(([other]) => other === type)?.[1] ?? '';
      const difference = type === 'image/svg+xml' ? compareSvg(before, text) : compareTexts(before, text);
      if (difference !== null) return `${type} is out of date: ${difference}`;
    }
  }
  return null;
}

/**
 * @param {string} before
 * @param {string} now
 * @returns {string | null}
 */
function compareTexts(before, now) {
  const [old, fresh] = [withoutChanging(before).split('\n'), withoutChanging(now).split('\n')];
  const index = fresh.findIndex((line, place) => line !== old[place]);
  if (index >= 0) return `line ${index + 1} is ${quote(fresh[index])}, committed is ${quote(old[index])}`;
  return old.length === fresh.length ? null : `it has ${fresh.length} lines, committed are ${old.length}`;
}

/**
 * Compares two pictures: the same elements, attributes and texts in the same order, and places that differ by a pixel at most.
 *
 * @param {string} before
 * @param {string} now
 * @returns {string | null}
 */
function compareSvg(before, now) {
  const [old, fresh] = [tokensOf(before), tokensOf(now)];
  for (const [index, token] of fresh.entries()) {
    if (!isSameToken(old[index], token)) return `the picture has ${quote(token)}, committed is ${quote(old[index])}`;
  }
  return old.length === fresh.length ? null : `the picture has ${fresh.length} parts, committed are ${old.length}`;
}

/** @param {string} svg */
function tokensOf(svg) {
  const drawn = svg.replace(/<\?.*?\?>|<!.*?>|<metadata>.*?<\/metadata>/gs, '');
  return (withoutChanging(drawn).match(/<[^>]+>|[^<]+/g) ?? [])
    .map((token) => token.trim())
    .filter((token) => token !== '');
}

/**
 * @param {string | undefined} before
 * @param {string} now
 */
function isSameToken(before, now) {
  if (before === now) return true;
  if (before === undefined || !before.startsWith('<') || !now.startsWith('<')) return false;
  const [old, fresh] = [elementOf(before), elementOf(now)];
  return (
    old.name === fresh.name &&
    old.attributes.size === fresh.attributes.size &&
    [...fresh.attributes].every(([name, value]) => isSameAttribute(name, old.attributes.get(name), value))
  );
}

/** @param {string} token */
function elementOf(token) {
  const attributes = [...token.matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]);
  return { name: /^<\/?[\w:-]+/.exec(token)?.[0], attributes: new Map(/** @type {[string, string][]} */ (attributes)) };
}

/**
 * @param {string} name
 * @param {string | undefined} before
 * @param {string} now
 */
function isSameAttribute(name, before, now) {
  if (before === now || NAMES.has(name)) return before !== undefined;
  if (before === undefined || !GEOMETRY.has(name)) return false;
  const number = /-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/g;
  if (before.replace(number, '#') !== now.replace(number, '#')) return false;
  const old = before.match(number) ?? [];
  return (now.match(number) ?? []).every((text, index) => Math.abs(Number(text) - Number(old[index])) <= TOLERANCE);
}

/**
 * Kernels cut what a cell prints into pieces of any size.
 *
 * @param {Output[]} outputs
 * @returns {Output[]}
 */
function joinStreams(outputs) {
  /** @type {Output[]} */
  const joined = [];
  for (const output of outputs) {
    const last = joined.at(-1);
    if (output.output_type === 'stream' && last?.output_type === 'stream' && last.name === output.name) {
      joined[joined.length - 1] = { ...last, text: join(last.text) + join(output.text) };
    } else joined.push(output);
  }
  return joined;
}

/**
 * The forms of an output by media type; the text of a stream under its name.
 *
 * @param {Output} output
 * @returns {(readonly [string, string])[]}
 */
function formsOf({ output_type: type, name = type, text, data = {} }) {
  if (type === 'stream') return [[name, join(text)]];
  return Object.entries(data).map(([media, value]) => [
    media,
    typeof value === 'string' || Array.isArray(value) ? join(value) : JSON.stringify(value),
  ]);
}

/** @param {Output} output */
function kindOf(output) {
  return `${output.output_type} of ${formsOf(output)
    .map(([type]) => type)
    .sort()
    .join(', ')}`;
}

/** @param {string} text */
function withoutChanging(text) {
  return CHANGING.reduce((rest, [pattern, name]) => rest.replace(pattern, name), text);
}

/** @param {Text | undefined} text */
function join(text) {
  return [text ?? ''].flat().join('');
}

/** @param {string | undefined} text */
function quote(text) {
  if (text === undefined) return 'nothing';
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 119)}…` : text);
}
