import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decryptTable, encryptTable, LOW_ASSURANCE, parseSharedSecret, parseTableSchema } from 'sealroom';
import type { CollaborationSettings, KernelName } from 'sealroom';
import { withTempFolder } from './kit/temp-folder.ts';
import { SALT, SECRET } from './made-cell.ts';

/** How a text is encrypted. */
export interface TextEncryption {
  /** The schema's JSON, or its columns with a header row. */
  readonly schema: string | readonly object[];
  readonly settings?: Partial<CollaborationSettings>;
  readonly inputNull?: string | undefined;
  readonly outputNull?: string | undefined;
  readonly kernel?: KernelName | undefined;
  readonly threads?: number | undefined;
}

/** A CSV text that came out, and why its table is not on the fast path; `null` if it is. */
export interface NotedText {
  readonly text: string;
  readonly slowReason: string | null;
}

/** Encrypts a CSV text; gives back the CSV text, its rows in random order. */
export async function encryptText(csv: string | Uint8Array, encryption: TextEncryption): Promise<string> {
  return (await encryptTextNoted(csv, encryption)).text;
}

/** As {@link encryptText}, with the path. */
export async function encryptTextNoted(csv: string | Uint8Array, encryption: TextEncryption): Promise<NotedText> {
  const { schema } = encryption;
  const schemaText = typeof schema === 'string' ? schema : JSON.stringify({ headerRow: true, columns: schema });
  return withTempFolder(async (folder) => {
    const input = join(folder, 'in.csv');
    const output = join(folder, 'out.csv');
    await writeFile(input, csv);
    const { slowReason } = await encryptTable({
      input,
      output,
      schema: parseTableSchema(schemaText),
      secret: parseSharedSecret(SECRET),
      collaborationId: SALT,
      settings: { ...LOW_ASSURANCE, allowJoinsOnColumnsWithDifferentNames: false, ...encryption.settings },
      csvInputNull: encryption.inputNull,
      csvOutputNull: encryption.outputNull,
      kernel: encryption.kernel,
      threads: encryption.threads,
    });
    return { text: await readFile(output, 'utf8'), slowReason };
  });
}

/** How a text is decrypted. */
export interface TextDecryption {
  readonly inputNull?: string | undefined;
  readonly outputNull?: string | undefined;
  readonly allowMixedColumns?: boolean | undefined;
  readonly kernel?: KernelName | undefined;
  readonly threads?: number | undefined;
}

/** Decrypts a CSV text. */
export async function decryptText(csv: string | Uint8Array, decryption: TextDecryption = {}): Promise<string> {
  return (await decryptTextNoted(csv, decryption)).text;
}

/** As {@link decryptText}, with the path. */
export async function decryptTextNoted(csv: string | Uint8Array, decryption: TextDecryption): Promise<NotedText> {
  return withTempFolder(async (folder) => {
    const input = join(folder, 'in.csv');
    const output = join(folder, 'out.csv');
    await writeFile(input, csv);
    const { slowReason } = await decryptTable({
      input,
      output,
      secret: parseSharedSecret(SECRET),
      collaborationId: SALT,
      csvInputNull: decryption.inputNull,
      csvOutputNull: decryption.outputNull,
      allowMixedColumns: decryption.allowMixedColumns,
      kernel: decryption.kernel,
      threads: decryption.threads,
    });
    return { text: await readFile(output, 'utf8'), slowReason };
  });
}

/** The data lines of a CSV text without line breaks in values. */
export function linesOf(csv: string): string[] {
  return csv.split('\n').slice(1, -1);
}
