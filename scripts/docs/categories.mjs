// A plugin of typedoc: what the API reference says is in categories by what it is about, which the folders of src/ know.
import { Comment, CommentTag, Converter, ReflectionKind } from 'typedoc';

/** The category of each folder that the public API takes something from. */
const CATEGORIES = {
  'src/actions': 'Acting for a member',
  'src/age': 'Packages',
  'src/audit': 'Audit log',
  'src/bytes': 'Tables in memory',
  'src/clean-rooms': 'AWS Clean Rooms',
  'src/client': 'Rooms over the network',
  'src/collab': 'Manifests and settings',
  'src/collab/clean-rooms': 'AWS Clean Rooms',
  'src/collab/rules': 'Analysis rules',
  'src/columns': 'Tables in memory',
  'src/crypto': 'Keys, values and cells',
  'src/crypto/kernels': 'Kernels',
  'src/custody': 'Homes and envelopes',
  'src/custody/exchange': 'Handing over the secret',
  'src/custody/providers': 'Places of keys',
  'src/errors': 'Errors',
  'src/files': 'Files',
  'src/normalise': 'Normalising values',
  'src/package': 'Packages',
  'src/platform': 'Signatures and hashes',
  'src/protect': 'Encrypting and decrypting',
  'src/query': 'Queries and verdicts',
  'src/room': 'Rooms',
  'src/room/run': 'Running queries',
  'src/schema': 'Schemas',
  'src/signed-tables': 'Signed tables',
  'src/signing': 'Signatures and hashes',
  'src/suggest': 'Schemas',
  'src/tabular': 'Files with tables',
  'src/tlog': 'Audit log',
  'src/wire': 'Rooms over the network',
};

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection) => {
    if (reflection.parent?.kindOf(ReflectionKind.Module) !== true) return;
    const symbol = context.getSymbolFromReflection(reflection);
    if (symbol === undefined) return;
    const file = context.resolveAliasedSymbol(symbol).declarations?.[0]?.getSourceFile().fileName ?? '';
    const category = categoryOf(file);
    if (category === null) app.logger.warn(`${file} has no category in scripts/docs/categories.mjs`);
    else {
      reflection.comment ??= new Comment();
      reflection.comment.blockTags.push(new CommentTag('@category', [{ kind: 'text', text: category }]));
    }
  });
}

/**
 * The category of a source: that of the nearest folder above it.
 *
 * @param {string} file
 * @returns {string | null}
 */
function categoryOf(file) {
  const parts = file.slice(file.lastIndexOf('/src/') + 1).split('/');
  for (let length = parts.length - 1; length > 1; length--) {
    const folder = parts.slice(0, length).join('/');
    const found = Object.entries(CATEGORIES).find(([name]) => name === folder);
    if (found !== undefined) return found[1];
  }
  return null;
}
