import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { isMap, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import { didYouMean, type ErrorPlace, joinProblems, quoteForMessage, SealroomError } from '../errors/index.ts';
import { isRoomAddress, PROJECT_KEYS, type ProjectKey } from './keys.ts';

/** What a project file says; paths are absolute, and a room may be an address. */
export type ProjectValues = Readonly<Partial<Record<ProjectKey, string | undefined>>>;

/** The files of a table, and how a CSV file is read; paths are absolute. */
export interface ProjectTable {
  /** The table before encryption. */
  readonly data?: string | undefined;
  readonly schema?: string | undefined;
  /** The table after encryption. */
  readonly output?: string | undefined;
  /** What separates the fields of a CSV file, as `--delimiter`; no path. */
  readonly delimiter?: string | undefined;
  /** The encoding of a CSV file, as `--encoding`; no path. */
  readonly encoding?: string | undefined;
}

/** What a project file says. */
export interface ProjectContent {
  readonly values: ProjectValues;
  /** By the name of the table in the manifest. */
  readonly tables: ReadonlyMap<string, ProjectTable>;
}

const TABLE_PATHS = ['data', 'schema', 'output'] as const;

const TABLE_KEYS = [...TABLE_PATHS, 'delimiter', 'encoding'] as const;

const PATHS: readonly ProjectKey[] = ['home', 'manifest', 'room', 'trust'];

/** What a terminal would obey, and no name or path needs. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

/** Schemes of keys whose URI has a path, which counts from the folder of the file. */
const FILE_KEY = /^(keystore|age):(.+)$/s;

/** Keys that are none: the secret itself is in a variable or in a file, and whoever wrote the project file may know it. */
const PLAIN_KEY = /^(env|file):/;

/** The beginnings of private keys, and a PIN in the URI of a token. */
const SECRET_TEXT = /AGE-SECRET-KEY-|-----BEGIN [A-Z ]*PRIVATE KEY|PRIVATE\+KEY\+|[?&;]pin-value=/i;

const SECRET_WORDS = /secret|private|pass|token|pin\b/i;

/** What would make the checks of a command weaker is never a default. */
const WEAKENING = /^(unsigned|overwrite|again|lenient|allow|preserve|clock-?jump|force|yes)/i;

/**
 * Parses the text of a project file: YAML with texts only. It holds no secret, and nothing that makes a check weaker.
 *
 * @param file absolute path; relative paths in it count from its folder
 * @throws {SealroomError} USAGE_PROJECT, with every mistake and its line. It does not quote values.
 */
export function parseProject(text: string, file: string): ProjectContent {
  const problems: SealroomError[] = [];
  const lines = new LineCounter();
  const placeOf = (offset: number): ErrorPlace => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), character: Math.max(col, 1) };
  };
  const note = (node: Node | null, message: string, hint?: string): void => {
    problems.push(new SealroomError('USAGE_PROJECT', message, { hint, where: placeOf(node?.range?.[0] ?? 0) }));
  };
  const found = SECRET_TEXT.exec(text);
  if (found !== null) {
    const line = text.slice(0, found.index).split('\n').length;
    throw new SealroomError('USAGE_PROJECT', 'the project file contains a secret', {
      hint: 'remove it, and make a new one if others have seen this file',
      where: { file, line },
    });
  }
  const document = parseDocument(text, { version: '1.2', prettyErrors: false, lineCounter: lines });
  // Once it has lost its way, the parser complains of the same place again and again.
  const errors = new Map(document.errors.toReversed().map((error) => [error.pos[0], error]));
  for (const { pos, code } of [...errors.values()].toReversed()) {
    const message = code === 'DUPLICATE_KEY' ? 'a key is there twice' : 'the text is not YAML';
    problems.push(new SealroomError('USAGE_PROJECT', message, { where: placeOf(pos[0]) }));
  }
  const values: Partial<Record<ProjectKey, string>> = {};
  const tables = new Map<string, ProjectTable>();
  const root = problems.length > 0 ? null : document.contents;
  if (root !== null && !isMap(root)) note(root, 'the project file is not a list of keys and values');
  for (const { name, key, value } of entriesOf(root)) {
    if (name === 'tables') {
      for (const table of entriesOf(value)) tables.set(table.name, readTable(table.value, file, note));
      if (!isMap(value)) note(value ?? key, '`tables` needs the name of a table, and its files below it');
      continue;
    }
    const known = PROJECT_KEYS.find((each) => each === name);
    if (known === undefined) note(key, `unknown key ${quoteForMessage(name)}`, hintAt(name));
    else {
      const given = textOf(value);
      if (given === null) note(value ?? key, `\`${name}\` needs a text`);
      else if (UNPRINTABLE.test(given)) note(value, `\`${name}\` has characters that cannot be seen`);
      else if (known === 'key' && PLAIN_KEY.test(given)) {
        note(
          value,
          '`key` names a place where the secret itself is',
          'give such a key with `--key`, or in SEALROOM_KEY',
        );
      } else values[known] = toAbsolute(known, given, file);
    }
  }
  const [first, ...rest] = problems;
  if (first !== undefined) throw joinProblems(first, rest);
  return Object.freeze({ values: Object.freeze(values), tables });
}

type Note = (node: Node | null, message: string, hint?: string) => void;

interface Entry {
  readonly name: string;
  readonly key: Node;
  readonly value: Node | null;
}

function entriesOf(node: Node | null): readonly Entry[] {
  if (!isMap<Node, Node | null>(node)) return [];
  return node.items.map(({ key, value }) => ({ name: isScalar(key) ? String(key.value) : '', key, value }));
}

function textOf(node: Node | null): string | null {
  return isScalar(node) && typeof node.value === 'string' && node.value !== '' ? node.value : null;
}

function readTable(node: Node | null, file: string, note: Note): ProjectTable {
  const table: Partial<Record<(typeof TABLE_KEYS)[number], string>> = {};
  if (!isMap(node)) note(node, 'a table needs `data`, `schema` or `output`');
  for (const { name, key, value } of entriesOf(node)) {
    const known = TABLE_KEYS.find((each) => each === name);
    const given = textOf(value);
    if (known === undefined) {
      note(
        key,
        `unknown key ${quoteForMessage(name)}`,
        didYouMean(name, TABLE_KEYS) ?? `a table has ${TABLE_KEYS.join(', ')}`,
      );
    } else if (given === null) note(value ?? key, `\`${name}\` needs a text`);
    // A delimiter may be a tab.
    else if (known !== 'delimiter' && UNPRINTABLE.test(given)) {
      note(value, `\`${name}\` has characters that cannot be seen`);
    } else table[known] = TABLE_PATHS.some((path) => path === known) ? toPath(given, file) : given;
  }
  return Object.freeze(table);
}

function hintAt(name: string): string {
  if (SECRET_WORDS.test(name)) return 'a project file holds no secret: remove it';
  if (WEAKENING.test(name))
    return `give \`--${name}\` in the command that needs it: a project file makes no check weaker`;
  const known = [...PROJECT_KEYS, 'tables'];
  return didYouMean(name, known) ?? `its keys are ${known.join(', ')}`;
}

function toPath(path: string, file: string): string {
  return path.startsWith('~/') ? join(homedir(), path.slice(2)) : resolve(file, '..', path);
}

function toAbsolute(key: ProjectKey, text: string, file: string): string {
  if (key === 'room' && isRoomAddress(text)) return text;
  if (PATHS.includes(key)) return toPath(text, file);
  const [, scheme, path] = (key === 'key' ? FILE_KEY.exec(text) : null) ?? [];
  return scheme === undefined || path === undefined ? text : `${scheme}:${toPath(path, file)}`;
}
