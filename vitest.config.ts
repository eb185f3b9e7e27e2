import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The longest first, so that none of them runs alone in the end: the crash matrix, then all that boot hosts. */
const longest = [/host\/matrix\.test/, /three-tiers\.test/, /host\/(faults|confirm)\.test/, /test\/(host|fleet|rehearse)/, /test\/(scaffold|ubuntu|vanilla)/];
const rank = ({ moduleId }: TestSpecification): number => {
  const found = longest.findIndex(pattern => pattern.test(moduleId));
  return found < 0 ? longest.length : found;
};

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 600_000,
    // more than cores: what runs on real hosts mostly waits
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
  },
});
