import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkContextOf } from '../adversarial/adversarial-file.ts';
import { runs } from '../support/runs.ts';
import { inDuckDb } from './contexts.ts';
import { useRoom } from './room.ts';

const CUSTOM = checkContextOf({ context: 'customAny' });

const room = useRoom();

const unit = fc.constantFrom(
  ...['a', "'", '"', '\\', '\n', '--', '/*', '*/', '$', '$$', ';', '`', '%', '_', ' ', 'e', 'ß', '\u00a0', ':', 'x'],
  ...['&', '{', '(', '\t', '\u2028'],
);

function doubled(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

function escaped(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`;
}

test('R-55 a text constant has one end and one value in both dialects, whatever signs are in it', async () => {
  for (const value of fc.sample(fc.string({ unit, maxLength: 12 }), { seed: 5, numRuns: runs(1600) })) {
    const spark = await room.statementOf(`SELECT page || ${escaped(value)} AS a FROM visits`, CUSTOM);
    const duckdb = await room.statementOf(`SELECT page || ${doubled(value)} AS a FROM visits`, inDuckDb(CUSTOM));
    expect(spark).toContain(doubled(value));
    expect(duckdb).toBe(spark);
  }
});
