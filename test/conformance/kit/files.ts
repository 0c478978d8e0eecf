import { SealroomError } from 'sealroom';
import { caseOfError, KERNEL_NAMES } from './case.ts';
import type { VectorCase } from './case.ts';
import { parseCsv } from './csv-text.ts';
import { checkDecryption } from './decrypt-file.ts';
import { checkEncryption } from './encrypt-file.ts';
import { readFileCase } from './file-case.ts';
import type { FileCase } from './file-case.ts';
import { expectDecryption, expectEncryption } from './file-rules.ts';
import type { FileExpectation } from './file-rules.ts';
import { readSource } from './file-source.ts';
import type { FileSource } from './file-source.ts';
import { optionalText, readTextFile, recordsOf } from './json.ts';
import type { Members } from './json.ts';
import { readJsonTable } from './parquet-table.ts';
import { differenceOfSchema } from './schema-rules.ts';

/** What is expected of decrypting a case's encrypted file; `null` if there is none. */
async function expectationOfDecryption(files: FileCase, source: FileSource): Promise<FileExpectation | null> {
  const path = files.encrypt.output;
  if (path === null) return null;
  if (files.format === 'parquet') {
    const table = await readJsonTable(path);
    const texts = table.rows.flat().filter((value) => typeof value === 'string');
    return expectDecryption(files, source, texts, table);
  }
  const texts = parseCsv(await readTextFile(path)).flatMap(({ fields }) => fields.map(({ text }) => text));
  return expectDecryption(files, source, texts, null);
}

/** A case whose schema the product refuses: expected where C3R refuses it too, or a difference says so. */
function listCasesOfBadSchema(files: FileCase): readonly VectorCase[] {
  const difference = differenceOfSchema(files.schemaText);
  const expectation = { difference, isRefused: difference !== null || files.encrypt.exit !== 0 };
  return KERNEL_NAMES.map((kernel) => ({
    id: files.name,
    what: 'encrypt',
    kernel,
    difference,
    run: () => checkEncryption(files, expectation, kernel),
  }));
}

async function listCasesOf(files: FileCase): Promise<readonly VectorCase[]> {
  const source = await readSource(files).catch((error: unknown) => {
    if (error instanceof SealroomError) return null;
    throw error;
  });
  if (source === null) return listCasesOfBadSchema(files);
  const encryption = expectEncryption(files, source);
  const decryption = await expectationOfDecryption(files, source);
  return KERNEL_NAMES.flatMap((kernel): readonly VectorCase[] => {
    const encrypt: VectorCase = {
      id: files.name,
      what: 'encrypt',
      kernel,
      difference: encryption.difference,
      run: () => checkEncryption(files, encryption, kernel),
    };
    if (decryption === null) return [encrypt];
    const decrypt: VectorCase = {
      id: files.name,
      what: 'decrypt',
      kernel,
      difference: decryption.difference,
      run: () => checkDecryption(files, decryption, kernel),
    };
    return [encrypt, decrypt];
  });
}

/** The cases of files/manifest.json, in both directions. */
export async function listFileCases(manifest: Members, filesFolder: string): Promise<readonly VectorCase[]> {
  const cases = recordsOf(manifest, 'cases').map(async (members) => {
    try {
      return await listCasesOf(await readFileCase(members, filesFolder));
    } catch (error) {
      return [caseOfError(optionalText(members, 'name') ?? 'files', error)];
    }
  });
  return (await Promise.all(cases)).flat();
}
