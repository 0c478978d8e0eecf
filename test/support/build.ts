import type { TestProject } from 'vitest/node';
import { build } from '../../scripts/build.mjs';

/** Builds before the tests run, and before they run again: they run on `dist/`, which must not be older than the sources. */
export function setup(project: TestProject): void {
  build();
  project.onTestsRerun(() => {
    build();
  });
}
