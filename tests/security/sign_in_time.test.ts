import { beforeAll, expect, it } from "vitest";
import { hashPassword } from "../../server/access/password.ts";
import { employ, password, type Person } from "../access/person.ts";
import { useCompany } from "../harness/app.ts";

const company = useCompany();
const EACH = 12;
let known: Person[], disabled: Person[], withoutPassword: Person[];

beforeAll(async () => {
  // As it costs in earnest: the others of the tests are cheap.
  const passwordHash = await hashPassword(company.services.config, password);
  const people = await Promise.all(Array.from({ length: 3 * EACH }, () => employ(company, "dispatcher")));
  [known, disabled, withoutPassword] = [0, 1, 2].map((at) => people.slice(at * EACH, (at + 1) * EACH)) as [
    Person[],
    Person[],
    Person[],
  ];
  const set = (whose: Person[], values: Record<string, unknown>) =>
    company.superDb.updateTable("accounts").set(values).where(
      "id",
      "in",
      whose.map(({ accountId }) => accountId),
    )
      .execute();
  await set([...known, ...disabled], { passwordHash });
  await set(disabled, { disabled: true });
  await set(withoutPassword, { passwordHash: null, totpSealed: null });
}, 120_000);

/** How far two samples lie apart, in standard deviations of what chance does (Mann and Whitney, 1947). */
function apart(a: readonly number[], b: readonly number[]): number {
  const wins = a.flatMap((x) => b.map<number>((y) => (x > y ? 1 : x === y ? 0.5 : 0))).reduce(
    (sum, win) => sum + win,
    0,
  );
  const mean = a.length * b.length / 2;
  return Math.abs(wins - mean) / Math.sqrt(mean * (a.length + b.length + 1) / 6);
}

it("tells samples apart that are apart, and no others", () => {
  const sample = (from: number) => Array.from({ length: EACH }, (_, at) => from + at);
  expect(apart(sample(0), sample(100))).toBeGreaterThan(4);
  expect(apart(sample(0), sample(1))).toBeLessThan(4);
});

it(
  "signing in takes as long whether there is no such account, it is disabled, has no password, or that is wrong",
  async () => {
    const took: Record<"wrong" | "nobody" | "disabled" | "none", number[]> = {
      wrong: [],
      nobody: [],
      disabled: [],
      none: [],
    };
    const attempt = async (
      kind: keyof typeof took,
      person: Person,
      given: { email?: string; password?: string },
    ) => {
      const from = performance.now();
      const { status, body } = await person.signIn(given);
      took[kind].push(performance.now() - from);
      expect([kind, status, body.slug]).toEqual([kind, 401, "sign-in-failed"]);
    };
    // In turns, so that whatever else the machine does falls on all of them alike.
    for (let at = 0; at < EACH; at++) {
      await attempt("wrong", known[at]!, { password: "not the parrot's receipts" });
      await attempt("nobody", known[at]!, { email: `nobody-${at}@kestrel.example` });
      await attempt("disabled", disabled[at]!, {});
      await attempt("none", withoutPassword[at]!, {});
    }
    for (const kind of ["nobody", "disabled", "none"] as const) {
      expect([kind, apart(took.wrong, took[kind]) < 4]).toEqual([kind, true]);
    }
  },
  180_000,
);
