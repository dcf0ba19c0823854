import type { CronItem } from "graphile-worker";
import type { Services } from "./platform/services.ts";
import type { JobName, Jobs } from "./platform/queue.ts";
import { change } from "./audit/change.ts";
import { system } from "./audit/actor.ts";
import { watchPromises } from "./backups/alarms.ts";
import { openSamples } from "./backups/samples.ts";
import { tellByMail, tellByWebhook } from "./backups/telling.ts";
import { forgetOldImports } from "./deliveries/import/import.ts";
import { runImport } from "./deliveries/import/run.ts";
import { rebuildSearch } from "./deliveries/search.ts";
import { forgetOldKeys } from "./access/idempotency.ts";
import { forgetAnsweredChallenges } from "./access/once.ts";
import { endElevationInTime } from "./access/elevations/elevation.ts";
import { sendNotice } from "./access/notice.ts";
import { forgetOldSessions } from "./access/session.ts";
import { forgetOldTrials } from "./access/sso/trial.ts";
import { forgetOldFailures } from "./access/throttle.ts";
import { forgetExpiredLinks } from "./tracking/tracking.ts";

/** Every background job and its schedule on one page. A job may run twice: each is written so that this changes nothing. */
declare module "./platform/queue.ts" {
  interface Jobs {
    "idempotency-keys.forget": Record<string, never>;
    "challenges.forget": Record<string, never>;
    "sessions.forget": Record<string, never>;
    "sign-in-failures.forget": Record<string, never>;
    "sso-trials.forget": Record<string, never>;
    "tracking-links.forget": Record<string, never>;
  }
}

type JobTable = { [N in JobName]: (services: Services, payload: Jobs[N]) => Promise<void> };

export const jobs: JobTable = {
  "idempotency-keys.forget": (services) => change(services, system("job"), forgetOldKeys),
  "challenges.forget": (services) => change(services, system("job"), forgetAnsweredChallenges),
  "sessions.forget": (services) => change(services, system("job"), forgetOldSessions),
  "sign-in-failures.forget": (services) => change(services, system("job"), forgetOldFailures),
  "sso-trials.forget": (services) => change(services, system("job"), forgetOldTrials),
  "tracking-links.forget": (services) => change(services, system("job"), forgetExpiredLinks),
  "search.rebuild": rebuildSearch,
  "import.run": runImport,
  "imports.forget": (services) => change(services, system("job"), forgetOldImports),
  "elevation.end": endElevationInTime,
  "notices.send": sendNotice,
  "backups.watch": (services) => watchPromises(services),
  "backups.open-samples": openSamples,
  "backups.tell-by-mail": tellByMail,
  "backups.tell-by-webhook": tellByWebhook,
};

/** When (minute, hour, day, month, weekday as in cron, in UTC) which job is due. */
export const schedule = [
  { match: "17 * * * *", task: "idempotency-keys.forget" },
  { match: "57 2 * * *", task: "challenges.forget" },
  { match: "27 2 * * *", task: "sessions.forget" },
  { match: "37 2 * * *", task: "sign-in-failures.forget" },
  { match: "47 2 * * *", task: "tracking-links.forget" },
  { match: "7 * * * *", task: "sso-trials.forget" },
  { match: "47 * * * *", task: "imports.forget" },
  // The next minute's look comes sooner than a second try of this one's.
  { match: "* * * * *", task: "backups.watch", options: { maxAttempts: 1 } },
  { match: "* * * * *", task: "backups.open-samples", options: { maxAttempts: 1 } },
] satisfies { match: string; task: JobName; options?: CronItem["options"] }[];
