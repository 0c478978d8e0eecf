import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'vitest';
import { personsOf, visitsWith } from './contexts.ts';
import { useRoom } from './room.ts';
const room = useRoom();
const CTX = visitsWith({ ...personsOf(), 'x-maxGroups': 1000, comparisonControls: { allowedLiteralComparisonColumns: ['page', 'visit_date', 'seconds'], allowedColumnComparisonColumns: ['email_fingerprint', 'page', 'visit_date', 'seconds'] } });
test('probe', async () => {
  const out: string[] = [];
  for (const row of JSON.parse(readFileSync('/tmp/t/rows.json', 'utf8'))) {
    const v = await room.ask(row.sql, CTX);
    let r = '';
    if (v.allowed) { try { const rows = await room.read(v.statement.sql, v.statement.isSalted ? ['s'] : []); r = 'runs ' + rows.currentRowCount; } catch (e) { r = 'FAILS ' + String(e) + v.statement.sql; } }
    else r = 'refused ' + v.findings.map((f) => f.code + ' ' + f.message).join(' | ');
    out.push([row.aws, row.category, row.entry, r].join('\t'));
  }
  writeFileSync('/tmp/t/out.tsv', out.join('\n'));
}, 60000);
