import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CollaborationSettings,
  decryptTable,
  type DecryptOptions,
  type DecryptSummary,
  deriveSealingRoot,
  encryptTable,
  type EncryptOptions,
  type EncryptSummary,
  HIGH_ASSURANCE,
  LOW_ASSURANCE,
  parseSharedSecret,
  parseTableSchema,
  type TableSchema,
} from 'sealroom';
import { parseCollaborationId } from 'sealroom/crypto';
import { sealPayload } from '../crypto/support.ts';
import { type Content, readTable } from '../tabular/support.ts';
import { ID, SECRET } from './cli.ts';

export { HIGH_ASSURANCE };
export const SHARED_SECRET = parseSharedSecret(SECRET);
export const ROOT = deriveSealingRoot(SHARED_SECRET, parseCollaborationId(ID));

/** Everything allowed and nulls protected, but for what is said. */
export function settingsOf(changes: Partial<CollaborationSettings>): CollaborationSettings {
  return { ...LOW_ASSURANCE, preserveNulls: false, ...changes };
}

/** `source>target:kind`, where `>target` may be left out, and a sealed column's kind may end in its pad: `sealed fixed 9`. */
export function schemaOf(...columns: readonly string[]): TableSchema {
  return parseTableSchema(
    JSON.stringify({
      headerRow: true,
      columns: columns.map((column) => {
        const at = column.lastIndexOf(':');
        const [sourceHeader, targetHeader] = column.slice(0, at).split('>');
        const [type, pad = 'none', length] = column.slice(at + 1).split(' ');
        const padding = length === undefined ? { type: pad } : { type: pad, length: Number(length) };
        return {
          sourceHeader,
          targetHeader: targetHeader ?? sourceHeader,
          type,
          ...(type === 'sealed' && { pad: padding }),
        };
      }),
    }),
  );
}

/** A sealed cell of an encoded value, written from the clauses. */
export function cellOf(encoded: string | Uint8Array, prefix?: string): string {
  const payload = Buffer.concat([typeof encoded === 'string' ? Buffer.from(encoded, 'hex') : encoded, Buffer.alloc(2)]);
  return sealPayload(ROOT, payload, prefix);
}

/** A sealed cell of a text. */
export function textCell(text: string): string {
  return cellOf(Buffer.concat([Buffer.of(2), Buffer.from(text)]));
}

/** A directory of its own, with a second one in it for temporary files, and tables in both. */
export class Bench implements AsyncDisposable {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async start(): Promise<Bench> {
    const bench = new Bench(await mkdtemp(join(tmpdir(), 'sealroom-test-')));
    await mkdir(bench.path('tmp'));
    return bench;
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  async put(name: string, content: string | Uint8Array): Promise<void> {
    await writeFile(this.path(name), content);
  }

  async text(name: string): Promise<string> {
    return readFile(this.path(name), 'utf8');
  }

  /** The records of a CSV file without line breaks in its fields, header included. */
  async lines(name: string): Promise<string[]> {
    return (await this.text(name)).trimEnd().split('\n');
  }

  read(name: string): Promise<Content> {
    return readTable(this.path(name));
  }

  /** The values of a table's columns by header. */
  async columns(name: string): Promise<Record<string, (string | null)[]>> {
    const { fields, columns } = await this.read(name);
    return Object.fromEntries(fields.map((field, index) => [field.name, columns[index] ?? []]));
  }

  /** All names, those of the directory for temporary files included. */
  async names(): Promise<string[]> {
    return (await readdir(this.directory, { recursive: true })).sort();
  }

  encrypt(
    input: string,
    output: string,
    schema: TableSchema,
    options: Partial<EncryptOptions> = {},
  ): Promise<EncryptSummary> {
    return encryptTable({
      input: this.path(input),
      output: this.path(output),
      schema,
      secret: SHARED_SECRET,
      collaborationId: ID,
      settings: settingsOf({}),
      tempDirectory: this.path('tmp'),
      ...options,
    });
  }

  decrypt(input: string, output: string, options: Partial<DecryptOptions> = {}): Promise<DecryptSummary> {
    return decryptTable({
      input: this.path(input),
      output: this.path(output),
      secret: SHARED_SECRET,
      collaborationId: ID,
      tempDirectory: this.path('tmp'),
      ...options,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}
