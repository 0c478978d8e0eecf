// 320 small CSV files, made by a program that mixes what matters to a CSV reader, and what C3R 3.0.5 made of each:
// `test/vectors/csv-dialect.json`. Every column has a cleartext, a fingerprint and a sealed target.
import { readFileSync } from 'node:fs';
import { defaultKernel, type KernelName } from 'sealroom';
import { createKernel, deriveFingerprintKey, fingerprintValue, parseSharedSecret } from 'sealroom/crypto';
import { openTable } from 'sealroom/tabular';
import { describe, expect, test } from 'vitest';
import { isTableKernel } from '#src/protect/machine/machine';
import { type CsvField, parseCsv } from './kit/csv-text.ts';
import { SALT, SECRET } from './made-cell.ts';
import { decryptTextNoted, encryptTextNoted, type NotedText } from './text-tables.ts';
import { columnsOf } from '../tabular/support.ts';

interface VectorCell {
  readonly clear?: string;
  readonly fingerprint?: string | null;
  readonly sealed?: number;
}

interface VectorSchema {
  readonly headerRow: boolean;
  readonly columns: readonly unknown[];
}

interface VectorCase {
  readonly name: string;
  readonly file: string;
  readonly schema: VectorSchema;
  readonly settings: Readonly<Record<string, boolean>>;
  readonly encrypt: readonly string[];
  readonly decrypt: readonly string[];
  readonly verdict: 'accept' | 'reject';
  readonly header?: readonly string[];
  readonly rows?: readonly (readonly VectorCell[])[];
  readonly opened?: readonly (readonly string[])[];
}

const PATH = new URL('../vectors/csv-dialect.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(PATH, 'utf8')) as { readonly cases: readonly VectorCase[] };
const taken = cases.filter(({ verdict }) => verdict === 'accept');

const kernel = createKernel('node');

function fingerprintOf(value: string | null, column: number): string {
  if (value === null) return 'null';
  const settings = { allowJoinsOnColumnsWithDifferentNames: false };
  using key = deriveFingerprintKey(parseSharedSecret(SECRET), SALT, `f${String(column)}`, settings);
  return fingerprintValue(kernel, key, { type: { kind: 'string' }, value });
}

/** The value of an option, without quotes around it, as both command lines read it. */
function optionOf(options: readonly string[], name: string): string | undefined {
  const option = options.find((text) => text.startsWith(`--${name}=`));
  return option?.slice(name.length + 3).replace(/^"(.*)"$/s, '$1');
}

function bytesOf({ file }: VectorCase): Uint8Array {
  return new Uint8Array(Buffer.from(file, 'base64'));
}

function textOf(made: VectorCase): string {
  return Buffer.from(bytesOf(made)).toString();
}

/** Quotes around a value mean nothing, but for those of an empty one: `""` is a value, and nothing is a null. */
function plain(text: string): string {
  return text.length > 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}

const sorted = (rows: readonly (readonly string[])[]): string[] => rows.map((row) => row.join(' | ')).sort();

/** The rows of the table as this reader reads it. */
async function readCase(made: VectorCase): Promise<readonly (readonly (string | null)[])[]> {
  const { headerRow, columns } = made.schema;
  const reader = await openTable(
    { kind: 'memory', bytes: bytesOf(made), format: 'csv' },
    {
      headerRow,
      csvColumns: headerRow ? undefined : columns.length,
      csvInputNull: optionOf(made.encrypt, 'csvInputNULLValue'),
    },
  );
  const values = await columnsOf(reader);
  await reader.close();
  const text = (value: string | null): string | null =>
    value === null ? null : Buffer.from(value, 'latin1').toString();
  return Array.from({ length: values[0]?.length ?? 0 }, (_, row) => values.map((column) => text(column[row] ?? null)));
}

function encryptCase(made: VectorCase, kernel?: KernelName): Promise<NotedText> {
  return encryptTextNoted(bytesOf(made), {
    schema: JSON.stringify(made.schema),
    settings: made.settings,
    inputNull: optionOf(made.encrypt, 'csvInputNULLValue'),
    outputNull: optionOf(made.encrypt, 'csvOutputNULLValue'),
    kernel,
    // So small a table has nothing for a second one.
    threads: 1,
  });
}

/** What differs from what C3R made of a case, if it is encrypted and decrypted again; and the path of both: whether the fast one was `taken` or `left`. */
async function compareCase(
  { header, rows = [], decrypt, opened, ...made }: VectorCase,
  kernel?: KernelName,
): Promise<{ readonly problems: readonly string[]; readonly paths: readonly string[] }> {
  const problems: string[] = [];
  const requireSame = (what: string, found: unknown, expected: unknown): void => {
    if (JSON.stringify(found) === JSON.stringify(expected)) return;
    problems.push(`${what}: ${JSON.stringify(found)} and not ${JSON.stringify(expected)}`);
  };
  const encrypted = await encryptCase({ ...made, decrypt }, kernel);
  const [first, ...records] = parseCsv(encrypted.text);
  requireSame(
    'headers',
    first?.fields.map((field) => field.text),
    header,
  );
  const known = new Set(rows.flat().map(({ fingerprint }) => fingerprint));
  const found = records.map(({ fields }) => fields.map((field) => describeField(field, known)));
  requireSame('cells', sorted(found), sorted(rows.map((row) => row.map(describeCell))));
  if (opened === undefined) return { problems, paths: [pathOf(encrypted)] };
  const back = await decryptTextNoted(encrypted.text, {
    inputNull: optionOf(decrypt, 'csvInputNULLValue'),
    outputNull: optionOf(decrypt, 'csvOutputNULLValue'),
    allowMixedColumns: true,
    kernel,
    threads: 1,
  });
  const shown = parseCsv(back.text)
    .slice(1)
    .map(({ fields }) => fields.map((field) => (field.text.startsWith('02:hmac:') ? '(fingerprint)' : clearOf(field))));
  requireSame('opened', sorted(shown), sorted(opened.map((row) => row.map(plain))));
  return { problems, paths: [pathOf(encrypted), pathOf(back)] };
}

function pathOf({ slowReason }: NotedText): string {
  return slowReason === null ? 'taken' : 'left';
}

function countOf(texts: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    [...new Set(texts)].sort().map((text) => [text, texts.filter((other) => other === text).length]),
  );
}

/** How many of the files take which path. Those that are read for this kit are as irregular as files come. */
const FAST_PATHS = { encrypted: { taken: 35, left: 147 }, decrypted: { taken: 182 } };

function clearOf({ text, isQuoted }: CsvField): string {
  return plain(isQuoted ? `"${text}"` : text);
}

function describeCell({ clear, fingerprint, sealed }: VectorCell): string {
  if (clear !== undefined) return `clear ${plain(clear)}`;
  return sealed === undefined ? `fingerprint ${String(fingerprint)}` : `sealed ${String(sealed)}`;
}

function describeField(field: CsvField, known: ReadonlySet<unknown>): string {
  const { text } = field;
  if (text.startsWith('02:enc:')) return describeCell({ sealed: text.length });
  if (!text.startsWith('02:hmac:')) return `clear ${clearOf(field)}`;
  // C3R's fingerprint of a null is random.
  return describeCell({ fingerprint: known.has(text) ? text : null });
}

describe('files that C3R takes', () => {
  test('F-76 have the values, byte for byte, that C3R fingerprinted', async () => {
    expect(taken).toHaveLength(182);
    const wrong: string[] = [];
    for (const made of taken) {
      const found = (await readCase(made)).map((row) => row.map(fingerprintOf));
      // The second of three target columns; that of a null is random or not there.
      const expected = (made.rows ?? []).map((row) =>
        row.filter((_, index) => index % 3 === 1).map(({ fingerprint }) => fingerprint ?? 'null'),
      );
      if (sorted(found).join('\n') !== sorted(expected).join('\n')) wrong.push(`${made.name} ${textOf(made)}`);
    }
    expect(wrong).toEqual([]);
  });

  test.each<KernelName>([defaultKernel(), 'node'])(
    'F-81 have C3R’s cells and opened values, with kernel `%s`',
    async (kernel) => {
      // The ordinary path starts a process for each table: it has every twelfth.
      const some = isTableKernel(kernel) ? taken : taken.filter((_, index) => index % 12 === 0);
      const problems: string[] = [];
      const paths: string[][] = [[], []];
      for (const made of some) {
        const compared = await compareCase(made, kernel);
        problems.push(...compared.problems.map((problem) => `${made.name}: ${problem}`));
        for (const [step, path] of compared.paths.entries()) paths[step]?.push(path);
      }
      expect(problems).toEqual([]);
      // What takes the fast path, so that it is seen if that becomes fewer.
      const [encrypted, decrypted] = paths.map(countOf);
      if (isTableKernel(kernel)) expect({ encrypted, decrypted }).toEqual(FAST_PATHS);
    },
  );
});

/** Why a file that C3R refuses is taken; each is a row of docs/compatibility.md. */
const REASONS: Readonly<Record<string, (text: string, schema: VectorSchema) => boolean>> = {
  'a header quoted behind white space': (text) => /(^|[,\n\r\ufeff])[ \t]+"h\d"/.test(text),
  'a line of white space above the header': (text, { headerRow }) =>
    headerRow && /^\ufeff?[\n\r]*[ \t]+[\n\r]/.test(text),
  'white space after the last line break, of several columns': (text, { headerRow, columns }) =>
    !headerRow && columns.length > 1 && /[\n\r][ \t]+$/.test(text),
};

test('F-77 files that C3R refuses are refused, or taken by a rule of docs/compatibility.md', async () => {
  const reasons = new Map<string, string[]>();
  for (const made of cases.filter(({ verdict }) => verdict === 'reject')) {
    const text = textOf(made);
    const isTaken = await readCase(made).then(
      () =>
        encryptCase(made).then(
          () => true,
          () => false,
        ),
      () => false,
    );
    if (!isTaken) continue;
    const reason = Object.keys(REASONS).find((name) => REASONS[name]?.(text, made.schema) === true) ?? 'none';
    reasons.set(reason, [...(reasons.get(reason) ?? []), `${made.name} ${text}`]);
  }
  expect(reasons.get('none') ?? []).toEqual([]);
  expect([...reasons.keys()].sort()).toEqual(Object.keys(REASONS).sort());
});
