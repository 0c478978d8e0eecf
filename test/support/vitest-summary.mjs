// A vitest reporter that ends a run with one plain line, which .ci/run and test/integration/run.mjs add up:
//
//   tests: 12 passed, 0 failed
//
// A file that cannot be loaded and an error outside of a test count as one failure each.

/** @import { Reporter, TestModule } from 'vitest/node' */

/** @implements {Reporter} */
export default class SummaryReporter {
  /**
   * @param {readonly TestModule[]} modules
   * @param {readonly unknown[]} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      count.failed += module.errors().length;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        count[state === 'pending' ? 'failed' : state]++;
      }
    }
    const skipped = count.skipped === 0 ? '' : `, ${count.skipped} skipped`;
    console.log(`tests: ${count.passed} passed, ${count.failed} failed${skipped}`);
  }
}
