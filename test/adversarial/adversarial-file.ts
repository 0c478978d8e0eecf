import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Manifest } from 'sealroom/collab';
import type { CheckContext } from 'sealroom/query';
import { type FileContext, parseAdversarialFile } from './kit/file.ts';
import { AdversarialSuite, type CaseContext } from './kit/suite.ts';

/** Where the file is. */
export const ADVERSARIAL_PATH = join(import.meta.dirname, '../vectors/adversarial.json');

/** The file in the terms of the public API. */
export const SUITE = new AdversarialSuite(parseAdversarialFile(readFileSync(ADVERSARIAL_PATH, 'utf8')));

/** The file as it is. */
export const FILE = SUITE.file;

/** The manifest of a context. */
export function manifestOf(context: FileContext): Manifest {
  return SUITE.manifestOf(context);
}

/** The context of a name in the file. */
export function contextOf(name: string): FileContext {
  return SUITE.contextOf(name);
}

/** What `checkQuery` needs for a case. */
export function checkContextOf(each: CaseContext): CheckContext {
  return SUITE.checkContextOf(each);
}
