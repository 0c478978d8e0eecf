import { createKernel, decodeValue, openCell, renderValue } from 'sealroom/crypto';
import { bytesOfText } from './bytes.ts';
import { differenceOfCell, isSealedBody, isSealedForC3r } from './cell-rules.ts';
import { nullRuleOf, parseCsv } from './csv-text.ts';
import type { CsvField } from './csv-text.ts';
import type { DifferenceName } from './differences.ts';
import { optionalText, textOf } from './json.ts';
import type { Members } from './json.ts';
import { AS_C3R } from './operation.ts';
import type { Expectation } from './operation.ts';
import { openPayload } from './reference.ts';
import { rootOf } from './values.ts';

/** Whether a `02:enc:` cell opens, by the reference. */
function opens(cell: string, secrets: Members): boolean {
  if (!isSealedBody(cell.slice(7))) return false;
  const payload = openPayload(textOf(secrets, 'secret'), textOf(secrets, 'salt'), cell);
  if (payload === null || payload.length < 3) return false;
  const end = payload.length - 2 - Buffer.from(payload.subarray(-2)).readInt16BE();
  try {
    if (end < 1 || end > payload.length) return false;
    decodeValue(payload.subarray(0, end));
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether sealroom refuses a cell, which it does not for all that C3R refuses.
 *
 * @param secrets a case with `secret` and `salt`
 */
export function isRefusedCell(cell: string, secrets: Members): boolean {
  if (!isSealedForC3r(cell)) return false;
  return cell.startsWith('02:enc:') ? !opens(cell, secrets) : differenceOfCell(cell, secrets) === null;
}

/** Whether a cell counts as a fingerprint: `hmac:` at its fourth byte. */
function isFingerprint(cell: string): boolean {
  return Buffer.from(bytesOfText(cell)).subarray(3, 8).toString('latin1') === 'hmac:';
}

function quote(text: string | null): string {
  return text === null ? '' : `"${text.replaceAll('"', '""')}"`;
}

/** The table that decryption makes of a CSV text under sealroom's rules, cell by cell. */
function decryptedText(vector: Members, csv: string): string {
  const kernel = createKernel('node');
  using root = rootOf(vector);
  const valueOf = nullRuleOf(optionalText(vector, 'csv_input_null'));
  const openField = (field: CsvField): string => {
    const cell = valueOf(field);
    if (cell === null) return '';
    const opened = openCell(kernel, root, cell);
    return quote(opened.kind === 'sealed' ? renderValue(opened.value) : opened.text);
  };
  const [header, ...rows] = parseCsv(csv).map(({ fields }) => fields);
  const records = [(header ?? []).map(({ text }) => quote(text)), ...rows.map((fields) => fields.map(openField))];
  // A record of one null would be an empty line.
  return records.map((fields) => (fields.join('') === '' && fields.length === 1 ? '""' : fields.join(','))).join('\n');
}

/** What decryption of a CSV file is expected to do, where it is not what C3R did. */
export function expectedDecryption(vector: Members, csv: string, isAccepted: boolean): Expectation {
  const records = parseCsv(csv);
  const [header, ...rows] = records;
  const cells = rows.flatMap(({ fields }) => fields.map(({ text }) => text));
  const taken = (difference: DifferenceName): Expectation => ({
    difference,
    isRefused: false,
    result: decryptedText(vector, csv),
  });
  if (!isAccepted) {
    const isAboutCells = (optionalText(vector, 'message') ?? '').includes('Failed while unmarshalling');
    const isForbidden = vector['fail_on_fingerprint'] === true && cells.some(isFingerprint);
    if (!isAboutCells || isForbidden || cells.some((cell) => isRefusedCell(cell, vector))) return AS_C3R;
    const legacy = cells.some((cell) => differenceOfCell(cell, vector)?.name === 'legacyCells');
    return taken(legacy ? 'legacyCells' : 'lookalikes');
  }
  const hashes = records.filter(({ startsWithHash }) => startsWithHash);
  const fields = header?.fields ?? [];
  if (hashes.some((record) => record.fields.length !== fields.length))
    return { difference: 'hashLines', isRefused: true };
  if (hashes.length > 0) return taken('hashLines');
  const names = fields.map(({ text }) => text);
  if (new Set(names).size !== names.length) return taken('repeatedHeaders');
  const isLone = names.length === 1 && (optionalText(vector, 'csv_output_null') ?? '') === '';
  return isLone && decryptedText(vector, csv).split('\n').includes('""') ? taken('loneNulls') : AS_C3R;
}
