import { legalHeader, unusedHeader } from './header.ts';
import { MAX_PAD_LENGTH_BYTES } from './limits.ts';
import type { SourceColumn, SourceTable } from './source-column.ts';

/** A note on a column of the template: it can only be cleartext, or was left out. */
export interface TemplateNote {
  readonly kind: 'cleartext-only' | 'left-out';
  readonly column: SourceColumn;
}

/** A schema to be completed by hand. */
export interface SchemaTemplate {
  /** JSON text; not a valid table schema until it is completed. */
  readonly text: string;
  readonly notes: readonly TemplateNote[];
}

const PAD_PLACEHOLDER = {
  COMMENT: 'leave out this pad unless the type is sealed',
  type: '[none|fixed|max]',
  length: `leave out for none, otherwise a number of bytes from 0 to ${String(MAX_PAD_LENGTH_BYTES)}`,
};

function listKinds(column: SourceColumn, allowCleartext: boolean): string {
  const kinds = column.kinds.filter((kind) => kind !== 'cleartext' || allowCleartext);
  return `[${kinds.join('|')}]`;
}

/**
 * Creates a table schema with every column of a table and a placeholder wherever a person has to choose; it does not parse
 * until they did. Columns whose type cannot be protected are cleartext, or left out if cleartext is forbidden.
 */
export function templateSchema(table: SourceTable, options: { readonly allowCleartext: boolean }): SchemaTemplate {
  const { allowCleartext } = options;
  const notes: TemplateNote[] = [];
  const used = new Set<string>();
  const writeTargets = (column: SourceColumn): readonly object[] => {
    const targetHeader = unusedHeader(legalHeader(column.header), used);
    used.add(targetHeader);
    const names = { ...(table.headerRow ? { sourceHeader: column.header } : {}), targetHeader };
    if (column.kinds.includes('sealed'))
      return [{ ...names, type: listKinds(column, allowCleartext), pad: PAD_PLACEHOLDER }];
    notes.push({ kind: allowCleartext ? 'cleartext-only' : 'left-out', column });
    return allowCleartext ? [{ ...names, type: 'cleartext' }] : [];
  };
  const targets = table.columns.map(writeTargets);
  const columns = table.headerRow ? targets.flat() : targets;
  return Object.freeze({ text: JSON.stringify({ headerRow: table.headerRow, columns }, null, 2), notes });
}
