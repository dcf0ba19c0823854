import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    // The browser's day and the launcher's trials start whole installations of their own: `task test` runs them after these.
    exclude: ["tests/browser/**", "tests/embedded/**", "tests/compose/**", "node_modules/**"],
    globalSetup: ["tests/harness/global.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
