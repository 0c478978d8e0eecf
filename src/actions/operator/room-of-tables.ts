import { parseManifest } from '../../collab/index.ts';
import { quoteForMessage, SealroomError } from '../../errors/index.ts';
import { readCarriedTable } from '../../tabular/index.ts';

/** The manifest that protected tables carry, and which table of it each is. */
export interface TablesWithManifest {
  /** Text of the manifest. Its signatures are not verified. */
  readonly manifest: string;
  /** The file that it was read from. */
  readonly manifestFile: string;
  readonly tables: readonly { readonly file: string; readonly table: string }[];
}

/**
 * Reads the manifest that tables carry, which has to be the same in all of them.
 *
 * @param files absolute paths, at least one
 * @throws {SealroomError} USAGE_OPTION if a file carries none, or another one, or two are the same table; MANIFEST_* as `parseManifest`;
 *   IO_READ, DATA_CORRUPT.
 */
export async function readTablesWithManifest(files: readonly string[]): Promise<TablesWithManifest> {
  const tables: { file: string; table: string }[] = [];
  let first: { readonly text: string; readonly file: string; readonly sha256: string } | null = null;
  for (const file of files) {
    const carried = await readCarriedTable(file);
    if (carried === null) {
      throw new SealroomError('USAGE_OPTION', 'the file does not say which table of which manifest it is', {
        where: { file },
        hint: '`sealroom encrypt --table <name>` writes that into Parquet files; otherwise use `--manifest`, and `sealroom room add`',
      });
    }
    const { sha256 } = parseManifest(carried.manifest, { file });
    if (first !== null && first.sha256 !== sha256) {
      throw new SealroomError(
        'USAGE_OPTION',
        `the table was encrypted under another manifest than that of ${first.file}`,
        {
          where: { file },
          hint: 'get tables of one version from their owners, or use `--manifest` and `sealroom room add`',
        },
      );
    }
    const twin = tables.find(({ table }) => table === carried.table);
    if (twin !== undefined) {
      throw new SealroomError('USAGE_OPTION', `two files are the table ${quoteForMessage(carried.table)}`, {
        where: { file },
        hint: `the other one is ${twin.file}`,
      });
    }
    first ??= { text: carried.manifest, file, sha256 };
    tables.push({ file, table: carried.table });
  }
  if (first === null) throw new TypeError('no files were given');
  return { manifest: first.text, manifestFile: first.file, tables };
}
