import { expect, it } from "vitest";
import { checkout } from "../../scripts/embedded/program.ts";

it("the benchmark of backups runs, small and quick, and its last line tells every figure", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "scripts/bench.ts", "backup", "--gb", "0.05", "--quick"],
    cwd: checkout,
    stdin: "null",
  }).output();
  const said = new TextDecoder().decode(stderr);
  expect(code, said.slice(-2_000)).toBe(0);
  const figures = JSON.parse(new TextDecoder().decode(stdout).trim().split("\n").at(-1)!);
  expect(Object.keys(figures)).toEqual([
    "data_gb",
    "full_vs_basebackup",
    "restore_vs_pg_restore",
    "api_p95_ratio",
    "trials",
    "acked_lost_max",
    "drill_s",
  ]);
  expect(figures.data_gb).toBeGreaterThan(0.04);
  expect(figures.trials).toBe(1);
  // Every share is of something that was measured. Of some ten thousand writes each, few are lost: the log is streamed.
  for (const [name, figure] of Object.entries(figures)) expect(figure, name).toBeGreaterThanOrEqual(0);
  expect(figures.acked_lost_max).toBeLessThan(2_000);
  expect(said).not.toContain(", 0 writes acknowledged");
}, 900_000);
