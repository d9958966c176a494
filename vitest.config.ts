import { defineConfig } from 'vitest/config';

// Unit tests run side by side; sandbox tests start real processes and are given a core each.
export default defineConfig({
  test: {
    env: { PULUMI_ERROR_OUTPUT_STRING: '1', NO_COLOR: '1' },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.sandbox.test.ts', 'node_modules/**'],
          testTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'sandbox',
          include: ['test/**/*.sandbox.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
    ],
  },
});
