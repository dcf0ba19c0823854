import { defineConfig } from "vitest/config";

/** The launcher's trials start whole installations of their own, one after the other and without the shared clusters. */
export default defineConfig({
  test: {
    root: `${import.meta.dirname}/../..`,
    include: ["tests/embedded/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 1,
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
