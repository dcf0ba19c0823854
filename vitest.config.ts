import { defineConfig } from "vitest/config";

const long = [
  "another_cluster",
  "interruption",
  "keys",
  "offsite_attack",
  "offsite_backups",
  "offsite_copies",
  "offsite_keys",
  "offsite_trouble",
  "outage",
  "room",
].map((name) => `tests/backup/${name}.test.ts`);

const recovery = "tests/compose/recovery.test.ts";

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
          exclude: ["tests/browser/**", "tests/embedded/**", "tests/backup/**", "tests/compose/**"],
          globalSetup: ["tests/harness/global.ts"],
          pool: "forks",
        },
      },
      {
        extends: true,
        test: {
          // Each of these starts clusters or a whole installation: after the others.
          name: "installations",
          include: [
            "tests/browser/**/*.test.ts",
            "tests/embedded/**/*.test.ts",
            "tests/backup/**/*.test.ts",
          ],
          exclude: long,
          sequence: { groupOrder: 1 },
          pool: "forks",
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
      {
        extends: true,
        test: {
          // Traps that take minutes each to spring: `deno task test --long` has them too. See scripts/test.ts.
          name: "traps",
          include: long,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          pool: "forks",
          testTimeout: 240_000,
          hookTimeout: 240_000,
        },
      },
      {
        extends: true,
        test: {
          // The containers, built and started once. Left out where no Docker engine answers: see scripts/test.ts.
          name: "appliance",
          include: ["tests/compose/**/*.test.ts"],
          exclude: [recovery],
          globalSetup: ["tests/compose/setup.ts"],
          fileParallelism: false,
          sequence: { groupOrder: 2 },
          pool: "forks",
          testTimeout: 180_000,
          hookTimeout: 600_000,
        },
      },
      {
        extends: true,
        test: {
          // An appliance of its own that is restored, lost and recovered: seven minutes, so with the traps.
          name: "recovery",
          include: [recovery],
          sequence: { groupOrder: 3 },
          pool: "forks",
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
