import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** Folders that do no I/O, or little: their tests are the ones to run at each edit (`npm run test:unit`). */
const PURE = [
  'audit',
  'bytes',
  'collab',
  'columns',
  'crypto',
  'docs',
  'errors',
  'platform',
  'query',
  'schema',
  'suggest',
  'signing',
  'tlog',
  'wire',
].map((folder) => `test/${folder}/**/*.test.ts`);

/** Files that need a process of their own: they look at how one starts, set its environment, or end its children. */
const ALONE = ['test/crypto/kernels/choice.test.ts', 'test/custody/providers/golden.test.ts'];

/**
 * Tests of whole commands, of processes that are started and ended, and of long tables. They are part of the integration tests, where
 * each file has a process of its own, so that `npm test` can be run all the time.
 */
const SLOW = [
  'test/actions/member/mixed-columns.test.ts',
  'test/actions/member/roles-first.test.ts',
  'test/actions/member/tables.test.ts',
  'test/actions/operator/rooms.test.ts',
  'test/actions/operator/run-query.test.ts',
  'test/audit/audit-log.test.ts',
  'test/clean-rooms/query.test.ts',
  'test/cli/adopt.test.ts',
  'test/cli/cases.test.ts',
  'test/cli/collab-setup.test.ts',
  'test/cli/csv-options.test.ts',
  'test/cli/exchange.test.ts',
  'test/cli/key.test.ts',
  'test/cli/manifest-trust.test.ts',
  'test/cli/messy-files.test.ts',
  'test/cli/network/room-over-network.test.ts',
  'test/cli/parts.test.ts',
  'test/cli/query.test.ts',
  'test/cli/roles.test.ts',
  'test/cli/room.test.ts',
  'test/cli/rotation.test.ts',
  'test/cli/sessions.test.ts',
  'test/cli/signed.test.ts',
  'test/conformance/cells-in-tables.test.ts',
  'test/conformance/csv-vectors.test.ts',
  'test/conformance/differences.test.ts',
  'test/conformance/tables.test.ts',
  'test/custody/exchange/hand-over.test.ts',
  'test/custody/providers/aws-kms.test.ts',
  'test/custody/providers/pkcs11.test.ts',
  'test/custody/providers/providers.test.ts',
  'test/docs/examples.test.ts',
  'test/docs/figures.test.ts',
  'test/docs/preparing-data.test.ts',
  'test/engine/reading-process.test.ts',
  'test/protect/decrypt/core/mixed-columns.test.ts',
  'test/protect/decrypt/core/passed-on.test.ts',
  'test/protect/decrypt/lines/decrypt-lines.test.ts',
  'test/protect/encrypt/core/shuffle.test.ts',
  'test/protect/encrypt/lines/encrypt-lines.test.ts',
  'test/protect/encrypt/lines/table-deal.test.ts',
  'test/protect/encrypt/threads.test.ts',
  'test/protect/paths/csv-paths.test.ts',
  'test/protect/paths/interrupted.test.ts',
  'test/protect/reencrypt/reencrypt.test.ts',
  'test/query/constraints.test.ts',
  'test/query/count-once-shapes.test.ts',
  'test/query/excluding.test.ts',
  'test/query/growth.test.ts',
  'test/query/model.test.ts',
  'test/query/stored-fingerprints.test.ts',
  'test/query/thresholds-enumerated.test.ts',
  'test/room/room-reader.test.ts',
  'test/room/room.test.ts',
  'test/room/run/query-checker.test.ts',
  'test/room/run/query-runner.test.ts',
  'test/room/run/records.test.ts',
  'test/room/run/release-grid.test.ts',
  'test/room/snapshots/load.test.ts',
  'test/room/snapshots/signed.test.ts',
  'test/server/check-routes.test.ts',
  'test/server/jobs/crash.test.ts',
  'test/server/jobs/job-routes.test.ts',
  'test/server/jobs/jobs.test.ts',
  'test/server/jobs/loads.test.ts',
  'test/server/jobs/over-network.test.ts',
  'test/server/listen.test.ts',
  'test/server/room-routes.test.ts',
  'test/server/serve.test.ts',
  'test/server/uploads/uploads.test.ts',
  'test/signed-tables/signed-table.test.ts',
  'test/tabular/csv/line-encoder.test.ts',
  'test/tabular/csv/read.test.ts',
  'test/tabular/parquet/types.test.ts',
  'test/tabular/parts.test.ts',
  'test/tabular/types.test.ts',
];

const INTEGRATION = ['test/integration/**/*.test.ts', ...SLOW];

/** Tests of the rules of the build, which are part of `npm run check`. */
const TOOLING = 'test/tooling/**/*.test.ts';

/** The tests that mirror a folder of `src`, or `cli`. */
function testsOf(folder: string): string[] {
  const path = join(import.meta.dirname, 'test', folder);
  if (!existsSync(path)) return [];
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.test.ts')).map((name) => join(path, name));
}

// Tests run on what is shipped: dist/ is built before they run, and vitest leaves it to Node instead of transforming it
// (docs/decisions/002-tests-run-on-the-build.md).
export default defineConfig({
  test: {
    // Processes and not threads: the native engine, the environment and signals belong to a process.
    pool: 'forks',
    // One more than there usually are cores, since tests wait for the disk; and no threads for garbage beside them.
    maxWorkers: 3,
    execArgv: ['--single-threaded-gc'],
    // What hangs must end at some time, and what is slow on a machine with much to do must not fail.
    testTimeout: 240_000,
    hookTimeout: 300_000,
    globalSetup: 'test/support/build.ts',
    reporters: ['default', './test/support/vitest-summary.mjs'],
    // `npm run dev`: what is changed is built again, and the tests of its folder run.
    watchTriggerPatterns: [
      { pattern: /\/src\/([^/]+)\/.*\.ts$/, testsToRun: (_, [, folder = '']) => testsOf(folder) },
      { pattern: /\/cli\/.*\.ts$/, testsToRun: () => testsOf('cli') },
    ],
    server: { deps: { external: [/\/dist\/(src|cli)\//] } },
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: PURE, exclude: [...ALONE, ...SLOW], isolate: false },
      },
      {
        extends: true,
        test: {
          name: 'io',
          include: ['test/**/*.test.ts'],
          exclude: [...PURE, ...ALONE, TOOLING, ...INTEGRATION],
          isolate: false,
        },
      },
      {
        extends: true,
        test: { name: 'alone', include: ALONE },
      },
      {
        extends: true,
        test: { name: 'tooling', include: [TOOLING] },
      },
      {
        extends: true,
        test: { name: 'integration', include: INTEGRATION, testTimeout: 300_000 },
      },
    ],
  },
});
