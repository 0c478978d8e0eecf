import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CheckContext } from 'sealroom/query';
import { describe, expect, test } from 'vitest';
import { changed, personsOf } from './contexts.ts';
import { useRoom } from './room.ts';

// AWS's table of the SQL that it takes and refuses under thresholds or comparison controls, and what the room does.
interface Entry {
  readonly category: string;
  readonly entry: string;
  readonly aws: 'taken' | 'refused';
  readonly room: 'runs' | 'refused';
  /** Only of what the room refuses: the clause, the codes that it can have, and the reason in words. */
  readonly clause?: string;
  readonly codes?: readonly string[];
  readonly reason?: string;
  readonly sql: string;
  readonly template?: boolean;
}

function read(path: string): string {
  return readFileSync(join(import.meta.dirname, path), 'utf8');
}

const { entries: ENTRIES } = JSON.parse(read('../vectors/threshold-sql.json')) as {
  readonly entries: readonly Entry[];
};
const RULES = read('../../docs/rules.md');

const room = useRoom();

const COLUMNS = ['email_fingerprint', 'page', 'visit_date', 'seconds'];
const RULE = {
  ...personsOf({ minimumIdentityCount: 5 }),
  comparisonControls: {
    allowedLiteralComparisonColumns: COLUMNS.slice(1),
    allowedColumnComparisonColumns: COLUMNS,
  },
};

/** `visits` with thresholds and comparison controls; for a template, or for whatever a member asks. */
function contextFor({ template = false }: Entry): CheckContext {
  const settings = { preserveNulls: true };
  const context = changed(template ? 'customTemplates' : 'customAny', (table) => (table === 'visits' ? RULE : {}), {
    settings,
  });
  return template ? { ...context, template: 'tmpl-reach', parameters: { since: '2024-03-05' } } : context;
}

describe('the SQL that AWS takes or refuses under thresholds', () => {
  test.each(ENTRIES)('R-33 $category: $entry, $aws by AWS, $room', async (each) => {
    const verdict = await room.ask(each.sql, contextFor(each));
    if (verdict.allowed) await room.read(verdict.statement.sql, verdict.statement.parameters);
    expect([each.sql, verdict.allowed ? 'runs' : 'refused']).toEqual([each.sql, each.room]);
    if (!verdict.allowed) {
      expect(each.codes).toEqual(expect.arrayContaining([verdict.findings[0]?.code]));
      expect(RULES).toContain(`**${each.clause ?? ''}**`);
    }
  });

  test('each entry is there once, and those that are refused have a clause, a code and a reason', () => {
    const names = ENTRIES.map(({ category, entry, aws }) => `${aws} ${category} ${entry}`);
    expect(new Set(names).size).toBe(names.length);
    expect(ENTRIES.length).toBeGreaterThan(220);
    for (const { room: verdict, clause, codes, reason } of ENTRIES) {
      const isExplained = clause !== undefined && codes !== undefined && reason !== undefined;
      expect(isExplained).toBe(verdict === 'refused');
    }
  });
});

describe('docs/rules.md', () => {
  const [, after = ''] = RULES.split('Under constraints AWS takes some SQL');
  const [table = '', more = ''] = (after.split('## Obligations')[0] ?? '').split(
    'The room takes some that AWS refuses',
  );
  const rows = [...table.matchAll(/^\| (.+?) +\| (.+?) +\|$/gm)].flatMap(([, sql = '', reason = '']) =>
    sql === 'SQL' || sql.startsWith('--') ? [] : [{ names: sql.split(', '), reason }],
  );

  test('R-33 has a row for each entry that AWS takes and the room refuses, with the reason of the list', () => {
    const refused = ENTRIES.filter(({ aws, room: verdict }) => aws === 'taken' && verdict === 'refused');
    const listed = new Set(refused.map(({ entry, reason }) => `${entry}: ${reason ?? ''}`));
    const written = rows.flatMap(({ names, reason }) => names.map((name) => `${name}: ${reason}`));
    expect(written.sort()).toEqual([...listed].sort());
  });

  test('R-33 names each entry that AWS refuses and the room takes, and no other', () => {
    const words = more.replaceAll(/\s+/g, ' ');
    for (const { entry, aws, room: verdict } of ENTRIES) {
      if (aws !== 'refused') continue;
      const pattern = new RegExp(`(?<![A-Z_])${entry.replaceAll(/[^\w ]/g, '.')}(?![A-Z_])`);
      expect([entry, pattern.test(words)]).toEqual([entry, verdict === 'runs']);
    }
  });
});
