import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLError,
} from 'yaml';
import { joinProblems, quoteForMessage, SealroomError } from '../errors/index.ts';
import type { DocumentPath, TextPlace } from './problems.ts';

/** A JSON value of a document. */
export type DocumentValue =
  string | number | boolean | null | readonly DocumentValue[] | { readonly [key: string]: DocumentValue };

/** A parsed document: its value, and the places of its parts. */
export interface TextDocument {
  readonly value: DocumentValue;
  /** The place of the value at a path, or of the nearest value around it if there is none. */
  readonly locate: (path: DocumentPath) => TextPlace;
}

/** The maximum length of a manifest, in characters. */
const MAX_CHARACTERS = 1_000_000;

/** A manifest has eight levels; a document that is nested deeper than this is an attack on its reader. */
const MAX_DEPTH = 32;

const JSON_NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

const UNPAIRED_SURROGATE = /\p{Surrogate}/u;

/** Errors of the YAML library that quote the text, which may be a secret that was given by mistake. */
const QUOTING_ERRORS = new Set(['UNEXPECTED_TOKEN', 'BAD_DIRECTIVE', 'IMPOSSIBLE']);

interface Walk {
  readonly place: (node: Node) => TextPlace;
  readonly refuse: (node: Node, message: string, hint?: string) => null;
  readonly places: Map<string, TextPlace>;
}

function keyOfPath(path: DocumentPath): string {
  return JSON.stringify(path);
}

function readScalar(
  node: Node & { readonly value: unknown; readonly source?: string | undefined },
  walk: Walk,
): DocumentValue {
  const { value, source } = node;
  if (typeof value === 'string') {
    return !UNPAIRED_SURROGATE.test(value) ? value : walk.refuse(node, 'the text contains half a surrogate pair');
  }
  if (typeof value === 'number') {
    if (JSON_NUMBER.test(source ?? '') && Number.isFinite(value)) return value;
    return walk.refuse(node, 'the number is not written as in JSON', 'put it in quotes if it is text');
  }
  if (value === null && source === '') return walk.refuse(node, 'the value is missing', 'write it, or `null`');
  if (typeof value === 'boolean' || value === null) return value;
  return walk.refuse(node, 'JSON has no such value');
}

function readMap(node: Node, path: DocumentPath, walk: Walk): DocumentValue {
  const entries = new Map<string, DocumentValue>();
  for (const { key, value } of isMap<Node, Node | null>(node) ? node.items : []) {
    const name = isScalar(key) && typeof key.value === 'string' ? key.value : null;
    if (name === null || UNPAIRED_SURROGATE.test(name) || isMarked(key)) {
      walk.refuse(key, 'the key is not plain text');
      continue;
    }
    if (entries.has(name)) {
      walk.refuse(key, `the key ${quoteForMessage(name)} is repeated`);
      continue;
    }
    const inside = [...path, name];
    walk.places.set(keyOfPath(inside), walk.place(key));
    entries.set(name, value === null ? walk.refuse(key, 'the value is missing') : readNode(value, inside, walk));
  }
  return Object.freeze(Object.fromEntries(entries));
}

/** Whether a node has an anchor or a tag, which JSON does not have and which can make a document mean something else than it shows. */
function isMarked(node: Node): boolean {
  return !isAlias(node) && (node.anchor !== undefined || node.tag !== undefined);
}

function readNode(node: Node, path: DocumentPath, walk: Walk): DocumentValue {
  if (!walk.places.has(keyOfPath(path))) walk.places.set(keyOfPath(path), walk.place(node));
  if (path.length > MAX_DEPTH)
    return walk.refuse(node, `the value is nested more than ${String(MAX_DEPTH)} levels deep`);
  if (isMarked(node)) walk.refuse(node, 'the value has an anchor or a tag', 'write just the value');
  if (isMap(node)) return readMap(node, path, walk);
  if (isSeq<Node>(node)) {
    return Object.freeze(node.items.map((item, index) => readNode(item, [...path, index], walk)));
  }
  if (isScalar(node)) return readScalar(node, walk);
  return walk.refuse(node, 'the value is an alias', 'write the value out');
}

function describeSyntax({ code, message }: YAMLError): string {
  if (code === 'MULTIPLE_DOCS') return 'expected one document, got several';
  if (QUOTING_ERRORS.has(code)) return 'the text is not YAML or JSON';
  const [line = ''] = message.split('\n', 1);
  return `the text is not YAML or JSON: ${line.charAt(0).toLowerCase()}${line.slice(1)}`;
}

function parseYaml(text: string, lines: LineCounter): Document.Parsed {
  try {
    // readMap checks for repeated keys, in linear time.
    return parseDocument(text, {
      version: '1.2',
      schema: 'core',
      stringKeys: true,
      uniqueKeys: false,
      prettyErrors: false,
      lineCounter: lines,
    });
  } catch (error) {
    throw new SealroomError('MANIFEST_SYNTAX', 'the text cannot be read as YAML or JSON', { cause: error });
  }
}

/**
 * Reads YAML 1.2 or JSON as a JSON value. Whatever could mean something else than it shows is refused: repeated keys, anchors,
 * aliases, tags, directives, numbers that JSON would write differently, and several documents.
 *
 * @throws {SealroomError} MANIFEST_SYNTAX, with every mistake and its line and character. It does not quote the text.
 */
export function readDocument(text: string, file: string | undefined): TextDocument {
  if (text.length > MAX_CHARACTERS) {
    throw new SealroomError(
      'MANIFEST_SYNTAX',
      `manifest: at most ${String(MAX_CHARACTERS)} characters, got ${String(text.length)}`,
      { where: { file } },
    );
  }
  const problems: SealroomError[] = [];
  const lines = new LineCounter();
  const placeOf = (offset: number): TextPlace => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), character: Math.max(col, 1) };
  };
  const addProblem = (place: TextPlace, message: string, hint?: string): void => {
    problems.push(new SealroomError('MANIFEST_SYNTAX', message, { hint, where: { file, ...place } }));
  };
  const document = parseYaml(text, lines);
  for (const error of document.errors) addProblem(placeOf(error.pos[0]), describeSyntax(error));
  if (document.directives.yaml.explicit ?? false) {
    addProblem({ line: 1, character: 1 }, 'the directive `%YAML` is not allowed');
  }
  const places = new Map<string, TextPlace>([[keyOfPath([]), { line: 1, character: 1 }]]);
  const place = (node: Node): TextPlace => placeOf(node.range?.[0] ?? 0);
  let value: DocumentValue = null;
  if (problems.length === 0 && document.contents !== null) {
    const refuse = (node: Node, message: string, hint?: string): null => {
      addProblem(place(node), message, hint);
      return null;
    };
    value = readNode(document.contents, [], { place, refuse, places });
  }
  const [first, ...rest] = problems;
  if (first !== undefined) throw joinProblems(first, rest);
  return { value, locate: (path) => locateIn(places, path) };
}

function locateIn(places: ReadonlyMap<string, TextPlace>, path: DocumentPath): TextPlace {
  for (let length = path.length; length > 0; length -= 1) {
    const place = places.get(keyOfPath(path.slice(0, length)));
    if (place !== undefined) return place;
  }
  return { line: 1, character: 1 };
}
