import { type Document, isMap, isScalar, isSeq, type Node, parseDocument } from 'yaml';
import { type Manifest, parseManifest } from './manifest.ts';

/** A YAML document of which the parts can be changed. */
export type ManifestDocument = Document.Parsed;

/**
 * Changes the text of a valid manifest: comments and order stay, YAML stays YAML and JSON stays JSON.
 *
 * @throws {SealroomError} MANIFEST_SYNTAX, MANIFEST_INVALID or MANIFEST_UNSUPPORTED if the manifest is not valid.
 */
export function editManifest(text: string, change: (document: ManifestDocument, manifest: Manifest) => void): string {
  const manifest = parseManifest(text);
  const document = parseDocument(text, { version: '1.2', schema: 'core', stringKeys: true });
  change(document, manifest);
  moveToEnd(document, 'exchange');
  return text.trimStart().startsWith('{')
    ? `${JSON.stringify(document.toJS(), null, 2)}\n`
    : document.toString({ lineWidth: 0 });
}

/** What travels in the file has long lines: it stays below what people read. */
function moveToEnd({ contents }: ManifestDocument, key: string): void {
  if (!isMap(contents)) return;
  const found = contents.items.find((pair) => isScalar(pair.key) && pair.key.value === key);
  if (found === undefined) return;
  contents.items.splice(contents.items.indexOf(found), 1);
  contents.items.push(found);
}

/** Adds an item to a list of the document, which is made if there is none; a list that was empty becomes one with a line for each item. */
export function addItem(document: ManifestDocument, path: readonly string[], item: Node): void {
  const list = document.getIn(path);
  if (isSeq(list) && list.items.length > 0) list.add(item);
  else document.setIn(path, document.createNode([item]));
}

/** Writes a value on one line, as `{ name: email, type: VARCHAR }`. */
export function onOneLine(node: unknown): void {
  if (isMap(node) || isSeq(node)) node.flow = true;
}
