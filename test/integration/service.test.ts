import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../tooling/run-tool.ts';

const UNIT = 'sealroom-room@spring.service';

/** What systemd says of the service, from 0 (no access to the machine) to 10; `null` where it is not installed. */
function exposure(): number | null {
  const directory = mkdtempSync(join(tmpdir(), 'sealroom-test-'));
  try {
    const file = join(directory, UNIT);
    copyFileSync(`${ROOT}/deploy/sealroom-room@.service`, file);
    const { stdout, error } = spawnSync('systemd-analyze', ['security', '--offline=true', '--no-pager', file], {
      encoding: 'utf8',
    });
    if (error !== undefined) return null;
    return Number(/Overall exposure level for \S+ ([\d.]+)/.exec(stdout)?.[1]);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const EXPOSURE = exposure();

test.runIf(EXPOSURE !== null)('the service may do little on its machine, as systemd-analyze sees it', () => {
  expect(EXPOSURE).toBeLessThanOrEqual(2.5);
});
