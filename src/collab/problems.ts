import { type ErrorCode, SealroomError } from '../errors/index.ts';
import { joinProblems } from '../errors/index.ts';

/** Steps from the root of a document to a value: keys of objects, indexes of arrays. */
export type DocumentPath = readonly (string | number)[];

/** A place in a text: line and character, both from 1. */
export interface TextPlace {
  readonly line: number;
  readonly character: number;
}

const PLAIN_KEY = /^[A-Za-z_][\w-]*$/;

/** Formats a path for messages: `tables[0].columns[2].type`; empty for the root. */
function printPath(path: DocumentPath): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${String(step)}]`;
    else if (!PLAIN_KEY.test(step)) text += `[${JSON.stringify(step)}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}

/** Collects the problems of a manifest, so that all are reported at once, each with its place. */
export class ManifestProblems {
  readonly #locate: (path: DocumentPath) => TextPlace;
  readonly #problems: SealroomError[] = [];

  constructor(locate: (path: DocumentPath) => TextPlace) {
    this.#locate = locate;
  }

  /** Notes a problem with the value at `path`; the path comes before `message`. */
  add(path: DocumentPath, message: string, hint?: string, code: ErrorCode = 'MANIFEST_INVALID'): void {
    const steps = printPath(path);
    const subject = steps === '' ? 'the manifest' : `\`${steps}\``;
    const where = { ...this.#locate(path), path: steps };
    this.#problems.push(new SealroomError(code, `${subject}: ${message}`, { hint, where }));
  }

  /** Notes that the value at `path` asks for something that this release does not support. */
  addUnsupported(path: DocumentPath, what: string): void {
    this.add(
      path,
      `this release does not support ${what}`,
      'remove it: nothing in a manifest is ignored',
      'MANIFEST_UNSUPPORTED',
    );
  }

  /** @throws {SealroomError} if there are problems: one error with all of them, in the order of the text, placed in `file`. */
  throwIfAny(file: string | undefined): void {
    const [first, ...rest] = this.#problems
      .map((problem) => problem.at({ file }))
      .toSorted((a, b) => offset(a) - offset(b));
    if (first !== undefined) throw joinProblems(first, rest);
  }
}

const CHARACTERS_PER_LINE = 2 ** 24;

function offset({ where: { line = 0, character = 0 } }: SealroomError): number {
  return line * CHARACTERS_PER_LINE + character;
}
