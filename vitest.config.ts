import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What needs root: tests that boot hosts, and those that give files to Debian's programs. All else is fast. */
const needsRoot = ['test/host/**/*.test.ts', 'test/fleet/**/*.test.ts', 'test/programs/**/*.test.ts'];

/** The longest first, so that none of them runs alone in the end. */
const longest = [
  /host\/(three-tiers|matrix|datastores)\.test/, /fleet\/(apply|release|foretold|edge)\.test/,
  /host\/(faults|confirm|detached|rehearse-load)\.test/, /test\/(host|fleet)\//,
  /test\/(scaffold|build|cli|ci|why)\.test/,
];
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
    testTimeout: 60_000,
    hookTimeout: 600_000,
    // dist/ is what the sources say, however the tests were started
    globalSetup: 'test/setup.ts',
    sequence: { sequencer: LongestFirst },
    projects: [{
      extends: true,
      test: {
        name: 'fast',
        include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
        exclude: needsRoot,
        // modules are imported once per process, not once per file: nine tenths of the time
        isolate: false,
        maxWorkers: 2,
        sequence: { groupOrder: 0 },
      },
    }, {
      extends: true,
      test: {
        name: 'host',
        include: needsRoot,
        setupFiles: 'test/keep.ts',
        // more than cores: what runs on real hosts mostly waits
        maxWorkers: 3,
        sequence: { groupOrder: 1 },
      },
    }],
  },
});
