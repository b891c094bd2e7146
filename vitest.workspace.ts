import type { TestProjectConfiguration } from 'vitest/config'

/** The test projects: what runs, where it lies, how long one test may take. */
const projects: TestProjectConfiguration[] = [
  {
    extends: true,
    test: { name: 'unit', include: ['packages/*/src/**/*.test.ts'], testTimeout: 20_000 },
  },
  {
    extends: true,
    test: {
      name: 'integration',
      include: ['packages/*/integration/**/*.test.ts'],
      testTimeout: 60_000,
    },
  },
  {
    extends: true,
    test: { name: 'sim', include: ['packages/*/sim/**/*.test.ts'], testTimeout: 120_000 },
  },
  {
    extends: true,
    test: {
      name: 'acceptance',
      include: ['tests/acceptance/**/*.test.ts', 'tests/readme.test.ts'],
      testTimeout: 180_000,
      hookTimeout: 180_000,
    },
  },
  {
    extends: true,
    test: { name: 'tidy', include: ['tests/tidy.test.ts', 'tests/errors.test.ts'] },
  },
]
export default projects
