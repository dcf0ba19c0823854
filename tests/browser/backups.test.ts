import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { watchPromises } from "../../server/backups/alarms.ts";
import { before, healthyRuns, healthyState, run } from "../backups/healthy.ts";
import { BackupService } from "../backups/service.ts";
import type { Company } from "../harness/app.ts";
import { installedChromium, startBrowser } from "./chromium.ts";
import { Person } from "./person.ts";
import { serveCompany, type ServedCompany } from "./served_company.ts";

/** The page shows what the backup service reports; here it is us who report, so that every state can be looked at. */
let served: ServedCompany;
let company: Company;
let service: BackupService;
let browser: Browser;
let owner: Person, auditor: Person;

beforeAll(async () => {
  if (!installedChromium) return;
  [served, browser] = await Promise.all([serveCompany("127.0.0.1"), startBrowser(installedChromium)]);
  const { url } = served;
  company = served.company;
  service = new BackupService(company);
  owner = await comes("owner", url);
  auditor = await comes("auditor", url);
});

beforeEach(async (test) => {
  test.skip(!installedChromium, "there is no Chromium on this machine");
  await service.isGone();
});

afterEach(async ({ task }) => {
  if (owner) expect(await owner.page.locator("body").innerText()).not.toMatch(wordless);
  if (task.result?.state === "fail") await keepPictures(task.name);
  expect([owner, auditor].flatMap((person) => person?.complaints.splice(0) ?? [])).toEqual([]);
});

afterAll(async () => {
  await browser?.close();
  await served?.stop();
});

async function comes(role: "owner" | "auditor", url: string): Promise<Person> {
  const { cookie } = await company.as(role);
  const person = await Person.at("desk", browser, url);
  const [name, value] = cookie.split("=") as [string, string];
  await person.page.context().addCookies([{ name, value, url }]);
  return person;
}

/** Has the service report what it has kept for five weeks, but for what `over` says. */
async function reports(over: Parameters<typeof healthyState>[1] = {}): Promise<void> {
  const now = new Date();
  await service.reports(healthyState(now, over));
}

describe("the page Backups", () => {
  it("says that all is safe, and how that is known", async () => {
    await service.ran(...healthyRuns(new Date()));
    await reports();
    await owner.opens("/account");
    await owner.goesTo("Backups");
    await owner.reads("Your data is safe");
    await owner.sees(
      /^Any moment between .* and .* can be brought back\. It was last tried for real .* took 58 seconds\.$/,
    );
    await owner.sees("as many in every table as live");
    await owner.sees("refused, as it should be");
    await owner.sees("At the pace of the last days it lasts for about 140 more days.");
    const picture = owner.page.getByRole("img", {
      name: /^Full backups: 5\. Backups of what changed: 70\. Drills: 5\./,
    });
    await picture.waitFor();
    expect(await owner.page.getByRole("img", { name: "Kept", exact: true }).count()).toBe(12);
    await owner.page.getByText("As a table").click();
    await owner.page.getByRole("row").filter({ hasText: "Drill" }).first().waitFor();
    await owner.page.getByText("As a table").click();
    await looksOver("all is safe");
  });

  it("says what is wrong and what to do, and shows it by itself", async () => {
    const now = new Date();
    await service.ran(
      ...healthyRuns(now),
      run(now, "drill", 3_600_000, {
        outcome: "failed",
        failure: "The restored copy is not sound: public.deliveries has 11 rows and should have 12.",
      }),
      run(now, "verification", 7_200_000, {
        outcome: "failed",
        failure: "Two files of the repository are damaged.",
        figures: {
          files: 1_204,
          bytes: 9.4e9,
          findings: [
            "backup/data/20261126-020000F/bundle/1 is damaged",
            "backup/keys/backup.info is missing",
          ],
        },
      }),
    );
    const state = healthyState(now);
    const { data, keys } = state.clusters;
    await service.reports({
      ...state,
      clusters: {
        data: {
          ...data,
          log: {
            ...data.log,
            waitingSeconds: 1_900,
            failure: "The repository's disk is full; free some space.",
          },
        },
        keys,
      },
      repository: { usedBytes: 66e9, freeBytes: 4e9, fullInDays: 2.4 },
      offsite: null,
    });
    await owner.opens("/backups");
    await owner.reads("Your data is not safe");
    await owner.sees(/Changes to the data have been waiting for 32 minutes: The repository's disk is full/);
    await owner.sees("There is none yet");
    await owner.page.getByText("2 findings").click();
    await owner.sees("backup/keys/backup.info is missing");
    await looksOver("what is wrong");

    await service.isGone();
    await service.ran(...healthyRuns(now));
    await reports();
    // The trail tells the page; without it, it would have asked within ten seconds.
    await company.change((change) =>
      Promise.resolve(change.record("backup.promise-kept", { promise: "log" }))
    );
    await owner.reads("Your data is safe");
  });

  it("takes a wish, shows how far it is, and lets nobody ask twice", async () => {
    await service.ran(...healthyRuns(new Date()));
    await reports();
    await owner.opens("/backups");
    await owner.presses("Run a drill now");
    await owner.reads("Run a drill now?");
    await owner.inspects();
    await owner.presses("Run a drill now");
    await owner.sees("Waiting for its turn: Drill");
    await expectDisabled("Back up now");
    const [request] = await company.services.db.selectFrom("backupRequests").selectAll().execute();
    await service.takesUp(request!.id);
    const now = new Date();
    const running = {
      run: request!.id,
      kind: "drill" as const,
      cluster: "data" as const,
      startedAt: before(now, 95_000),
      step: "restoring",
      progress: 0.42,
    };
    await reports({ running });
    await owner.sees("A drill is under way");
    await owner.sees("Restoring the backup into a throw-away copy");
    await owner.page.getByRole("progressbar", { name: "A drill is under way" }).waitFor();
    await owner.sees("Possible again once what is under way is done.");
    await looksOver("a drill under way");
    await reports({ running: { ...running, step: "comparing", progress: null } });
    await owner.sees("Comparing the copy with the live data");
    await reports();
    await owner.page.getByText("A drill is under way").waitFor({ state: "detached" });
  });

  it("shows an auditor everything, and no button", async () => {
    await service.ran(...healthyRuns(new Date()));
    await reports();
    await auditor.opens("/backups");
    await auditor.reads("Your data is safe");
    expect(await auditor.page.getByRole("button", { name: /now$/ }).count()).toBe(0);
    await auditor.page.getByLabel("Show", { exact: true }).selectOption({ label: "Drill" });
    await auditor.page.getByRole("listitem").filter({ hasText: "1,284,311 rows compared" }).first().waitFor();
    await auditor.inspects();
  });

  it("says that nobody knows while the service is silent", async () => {
    await service.ran(...healthyRuns(new Date()));
    await service.reports(healthyState(new Date(Date.now() - 12 * 60_000)));
    await owner.opens("/backups");
    await owner.reads("Nobody knows whether your data is safe");
    await owner.sees("Not possible while the backup service does not report.");
    await looksOver("silent");
  });

  it("says that the first backup is being made", async () => {
    const now = new Date();
    const state = healthyState(now);
    const none = { backups: [], recoverable: null };
    const { data, keys } = state.clusters;
    await service.reports({
      ...state,
      clusters: { data: { ...data, ...none }, keys: { ...keys, ...none } },
      running: {
        run: run(now, "full", 0).id,
        kind: "full",
        cluster: "data",
        startedAt: before(now, 4_000),
        step: "copying",
        progress: null,
      },
      repository: { usedBytes: 0, freeBytes: 61e9, fullInDays: null },
      lastDrillAt: null,
      lastVerificationAt: null,
      offsite: null,
    });
    await watchPromises(company.services);
    await owner.opens("/backups");
    await owner.reads("The first backup is being made");
    await owner.sees("Nothing yet");
    await owner.sees("Nobody is named to be told.");
    await looksOver("the first backup");
  });

  it("says so where an installation makes no backups", async () => {
    await owner.opens("/backups");
    await owner.sees("This installation makes no backups");
    await looksOver("no backups");
  });

  it("is told of in the trail as sentences", async () => {
    await company.change((change) => {
      change.record("backup.full-done", { cluster: "data", label: "20261126-020000F" });
      change.record("backup.promise-broken", { promise: "room", reason: "room-filling" });
      change.record("backup.told", { by: "mail", promises: ["room"] });
      change.record("backup.sample-tried", { opened: false });
      return Promise.resolve();
    });
    await owner.opens("/audit?act=backup.");
    await owner.sees("A full backup of the data was made");
    await owner.sees("A promise about backups broke: There is room for backups");
    await owner.sees(/told people by mail how the backups stand/);
    await owner.sees("A sealed value out of a restored copy did not open");
    await owner.sees(/Test owner asked for a drill/);
  });
});

/** Keys of words that are missing would be shown as they are. */
const wordless = /\b(reasons|figure|promises|promised|answer|progress|step|kind|outcome)\.[a-z]/;

async function expectDisabled(name: string): Promise<void> {
  expect(await owner.page.getByRole("button", { name, exact: true }).isDisabled()).toBe(true);
}

/** Looks at the page in both schemes and on a phone, and keeps what it looked like. */
async function looksOver(what: string): Promise<void> {
  await owner.inspects({ onPhoneToo: true });
  await keepPictures(what);
}

/** What the page showed, at a desk and on a phone, in the light and in the dark, for whoever sets SCREENSHOTS. */
async function keepPictures(title: string): Promise<void> {
  const directory = Deno.env.get("SCREENSHOTS");
  if (directory === undefined || !owner) return;
  for (
    const [device, viewport] of [["desk", { width: 1440, height: 900 }], ["phone", {
      width: 390,
      height: 844,
    }]] as const
  ) {
    await owner.page.setViewportSize(viewport);
    for (const colorScheme of ["light", "dark"] as const) {
      await owner.page.emulateMedia({ colorScheme });
      await owner.page.waitForTimeout(300);
      const path = join(directory, `${title.replaceAll(/[^a-z]+/gi, "_")}-${device}-${colorScheme}.png`);
      await owner.page.screenshot({ path, fullPage: true });
    }
  }
  await owner.page.setViewportSize({ width: 1440, height: 900 });
}
