import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: "slices",
          include: ["tests/**/*.test.ts"],
          exclude: ["tests/browser/**", "tests/embedded/**", "tests/compose/**"],
          globalSetup: ["tests/harness/global.ts"],
          pool: "forks",
        },
      },
      {
        extends: true,
        test: {
          // Each of these starts a whole installation: one at a time, and after the others.
          name: "installations",
          include: ["tests/browser/**/*.test.ts", "tests/embedded/**/*.test.ts"],
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          pool: "forks",
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
