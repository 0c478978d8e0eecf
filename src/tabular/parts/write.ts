import { join } from 'node:path';
import { type Batch, type ColumnData, copyColumn } from '../../columns/index.ts';
import { sliceValidity } from '../../bytes/index.ts';
import {
  type BeforeCommit,
  createFolderTarget,
  type FolderTarget,
  hashFile,
  hashOfParts,
  partName,
} from '../../files/index.ts';
import { findRecords } from '../csv/record-ends.ts';
import type { TableWriter } from '../table.ts';

/** How a folder of parts is written. */
export interface FolderOptions {
  readonly path: string;
  /** The most rows of a file. */
  readonly rowsPerFile: number;
  /** The ending of a file's name, such as `.csv.gz`. */
  readonly ending: string;
  readonly overwrite: boolean;
  /** Called when all files are complete, before the folder is renamed into place. */
  readonly beforeCommit?: BeforeCommit | undefined;
  /** Creates a file. */
  readonly create: (path: string) => Promise<TableWriter>;
}

/**
 * Creates a folder with the rows of a table in files of at most so many rows each; a table without rows has one file.
 *
 * @throws {SealroomError} IO_EXISTS, IO_WRITE as `createFolderTarget`; errors of `create`.
 */
//= format F-133
export async function createFolder(options: FolderOptions): Promise<TableWriter> {
  const target = await createFolderTarget(options.path, options);
  const writer = new FolderWriter(options, target);
  return {
    spare: writer.spare,
    write: (batch) => writer.write(batch),
    writeLines: (lines) => writer.writeLines(lines),
    close: () => writer.close(),
    abort: () => writer.abort(),
  };
}

class FolderWriter {
  readonly spare: ArrayBuffer[] = [];
  readonly #options: FolderOptions;
  readonly #target: FolderTarget;
  readonly #names: string[] = [];
  #part: TableWriter | null = null;
  #rowsLeft = 0;
  #bytes = 0;

  constructor(options: FolderOptions, target: FolderTarget) {
    this.#options = options;
    this.#target = target;
  }

  async write(batch: Batch): Promise<void> {
    for (let start = 0; start < batch.rows;) {
      const part = await this.#openPart();
      const rows = Math.min(this.#rowsLeft, batch.rows - start);
      await part.write(rows === batch.rows ? batch : sliceBatch(batch, start, rows));
      this.spare.push(...part.spare.splice(0));
      this.#rowsLeft -= rows;
      start += rows;
    }
  }

  async writeLines(lines: Uint8Array): Promise<void> {
    for (let rest = lines; rest.length > 0;) {
      const part = await this.#openPart();
      const { end, records } = findRecords(rest, this.#rowsLeft);
      await part.writeLines(rest.subarray(0, end));
      this.#rowsLeft -= records;
      rest = rest.subarray(end);
    }
  }

  async close(): Promise<number> {
    if (this.#names.length === 0) await this.#openPart();
    await this.#closePart();
    const bytes = this.#bytes;
    await this.#options.beforeCommit?.({ bytes, sha256: () => this.#hash() });
    await this.#target.commit();
    return bytes;
  }

  async abort(): Promise<void> {
    await this.#part?.abort();
    this.#part = null;
    await this.#target.abort();
  }

  async #openPart(): Promise<TableWriter> {
    if (this.#part !== null && this.#rowsLeft > 0) return this.#part;
    await this.#closePart();
    const name = partName(this.#names.length, this.#options.ending);
    this.#part = await this.#options.create(join(this.#target.path, name));
    this.#names.push(name);
    this.#rowsLeft = this.#options.rowsPerFile;
    return this.#part;
  }

  async #closePart(): Promise<void> {
    const part = this.#part;
    if (part === null) return;
    this.#bytes += await part.close();
    this.#part = null;
  }

  async #hash(): Promise<string> {
    const parts: { readonly name: string; readonly sha256: string }[] = [];
    for (const name of this.#names) parts.push({ name, sha256: await hashFile(join(this.#target.path, name)) });
    return hashOfParts(parts);
  }
}

/** A copy of some rows of a batch, with buffers of its own. */
function sliceBatch({ columns }: Batch, start: number, rows: number): Batch {
  return { rows, columns: columns.map((column) => copyColumn(sliceColumn(column, start, rows))) };
}

function sliceColumn(column: ColumnData, start: number, rows: number): ColumnData {
  const validity = sliceValidity(column.validity, start, rows);
  if (column.layout === 'bytes') {
    return { ...column, rows, offsets: column.offsets.subarray(start, start + rows + 1), validity };
  }
  const { width, values } = column;
  return { ...column, rows, values: values.subarray(start * width, (start + rows) * width), validity };
}
