import { defineConfig } from 'vitest/config';

// Tests run on what is shipped: `npm test` builds first, and vitest leaves dist/ to Node instead of transforming it
// (docs/decisions/002-tests-run-on-the-build.md).
export default defineConfig({
  test: {
    // Processes and not threads: each file has the native engine, the environment and signals to itself.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: ['default', './test/support/vitest-summary.mjs'],
    server: { deps: { external: [/\/dist\/(src|cli)\//] } },
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: ['test/integration/**'] },
      },
      {
        extends: true,
        test: { name: 'integration', include: ['test/integration/**/*.test.ts'], testTimeout: 120_000 },
      },
    ],
  },
});
