import { KERNEL_NAMES } from './case.ts';
import type { VectorCase } from './case.ts';
import { checkDecryption, expectationOfDecryption } from './decrypt-file.ts';
import { checkEncryption, expectationOfEncryption } from './encrypt-file.ts';
import { readFileCases } from './file-case.ts';
import type { FileCase } from './file-case.ts';
import type { Members } from './json.ts';

async function listCasesOf(files: FileCase): Promise<readonly VectorCase[]> {
  const encryption = await expectationOfEncryption(files);
  const decryption = await expectationOfDecryption(files);
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
  const cases = await readFileCases(manifest, filesFolder);
  return (await Promise.all(cases.map(listCasesOf))).flat();
}
