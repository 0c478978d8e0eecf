import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { decryptColumns, parseSharedSecret, tableOfTexts } from 'sealroom';
import { createKernel, deriveSealingRoot, openCell } from 'sealroom/crypto';
import { failureOf } from '../../tabular/support.ts';
import { ROOT as REPOSITORY } from '../../tooling/run-tool.ts';
import { RUNNABLE_KERNELS } from '../../support/kernels.ts';

const TEXT = readFileSync(`${REPOSITORY}/test/vectors/two-secrets.json`, 'utf8');
const MADE = JSON.parse(TEXT) as { secrets: string[]; salt: string; cell: string; texts: string[] };

describe.each(RUNNABLE_KERNELS)('F-39 one cell that is two texts under two secrets, on kernel %s', (name) => {
  const kernel = createKernel(name);

  test('is refused under both', () => {
    for (const secret of MADE.secrets) {
      using root = deriveSealingRoot(parseSharedSecret(secret), MADE.salt);
      expect(() => openCell(kernel, root, MADE.cell)).toThrow(
        expect.objectContaining({
          code: 'FORMAT_VALUE',
          message: 'a sealed value is padded with other bytes than zeros',
          hint: expect.stringContaining('`--lenient-cells`') as string,
        }),
      );
    }
  });

  test('is refused in a table, with its row, and opens only if it is read leniently', async () => {
    const table = tableOfTexts(['c'], [[null], [MADE.cell]]);
    for (const [index, secret] of MADE.secrets.entries()) {
      const terms = { secret: parseSharedSecret(secret), collaborationId: MADE.salt, kernel: name };
      const error = await failureOf(decryptColumns(table, terms));
      expect(error).toMatchObject({ code: 'FORMAT_VALUE', where: { column: 'c', row: 2 } });
      using root = deriveSealingRoot(terms.secret, MADE.salt);
      const opened = openCell(kernel, root, MADE.cell, { lenientCells: true });
      expect(opened).toMatchObject({ kind: 'sealed', value: { value: MADE.texts[index] } });
    }
  });
});
