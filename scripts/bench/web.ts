import type { BrowserContext, Page } from "playwright-core";
import { system } from "../../server/audit/actor.ts";
import { change } from "../../server/audit/change.ts";
import { createDeliveries } from "../../server/deliveries/delivery.ts";
import { Random } from "../../server/demo/random.ts";
import type { Services } from "../../server/platform/services.ts";
import { installedChromium, startBrowser } from "../../tests/browser/chromium.ts";
import { exitCodes, Refusal } from "../installation/refusal.ts";
import { say } from "../installation/terminal.ts";
import { Customers } from "./customers.ts";
import { signInDispatchers } from "./fill.ts";
import { launch } from "./installation.ts";
import { environmentOf, openServices } from "./services.ts";

const ROWS = 2_000;
/** The first row of the board below its headings. */
const FIRST_ROW = '[role=grid] [role=row][aria-rowindex="2"]';

/**
 * Opens the board of the demo company in Chromium, signed in and with nothing in its cache. `board_compressed_kb` (of
 * 1,000 bytes) is all that came over the wire, bodies as they were sent, until the first row stood there. How smoothly
 * a day of 2,000 orders scrolls is told beside it.
 */
export async function run(): Promise<Record<string, number>> {
  if (!installedChromium) {
    throw new Refusal("Chromium is not installed", "apt-get install chromium", exitCodes.toolsMissing);
  }
  const installation = await launch({ webUi: true, demo: true });
  const { services, close } = openServices(await environmentOf(installation.directory), 2);
  const browser = await startBrowser(installedChromium);
  try {
    const siteIds = (await services.db.selectFrom("sites").select("id").orderBy("id").execute())
      .map(({ id }) => id);
    const [cookie] = await signInDispatchers(services, siteIds, 1);
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    const [name, value] = cookie!.split("=") as [string, string];
    await context.addCookies([{ name, value, url: installation.url }]);

    const bytes = await downloadBoard(context, installation.url);
    await addBusyDay(services, siteIds[0]!);
    await scrollBoard(context, `${installation.url}/?site=${siteIds[0]}`);
    return { board_compressed_kb: Math.round(bytes / 100) / 10 };
  } finally {
    await browser.close();
    await close();
    await installation.end();
  }
}

/** Opens the board and answers the bytes of all bodies that came until its first row was there. */
async function downloadBoard(context: BrowserContext, url: string): Promise<number> {
  const page = await context.newPage();
  const network = await context.newCDPSession(page);
  const kinds = new Map<string, string>();
  const sizes = new Map<string, number>();
  network.on("Network.responseReceived", ({ requestId, type, response: { url: from } }) => {
    kinds.set(requestId, new URL(from).pathname.startsWith("/api/") ? "API" : type);
  });
  network.on("Network.dataReceived", ({ requestId, encodedDataLength }) => {
    sizes.set(requestId, (sizes.get(requestId) ?? 0) + encodedDataLength);
  });
  await network.send("Network.enable");
  const from = performance.now();
  await page.goto(url);
  await page.locator(FIRST_ROW).waitFor();
  const took = Math.round(performance.now() - from);
  const sum = (of: Iterable<number>) => [...of].reduce((total, size) => total + size, 0);
  for (const [kind, of] of Map.groupBy(sizes, ([id]) => kinds.get(id))) {
    say(`${kind}: ${of.length} answers, ${sum(of.map(([, size]) => size))} bytes`);
  }
  say(`the board was usable after ${took} ms and ${sum(sizes.values())} bytes`);
  await page.close();
  return sum(sizes.values());
}

/** Makes today at one site a day of 2,000 orders and more. */
async function addBusyDay(services: Services, siteId: string): Promise<void> {
  const today = Temporal.Now.plainDateISO("Europe/Berlin");
  const customers = new Customers(new Random(1), 1, today);
  const orders = Array.from(
    { length: ROWS },
    (_, at) => ({ ...customers.order(at, ROWS, 0), day: today.toString() }),
  );
  await change(services, system("bench"), (change) => createDeliveries(change, siteId, orders));
}

/** Scrolls through a day of 2,000 orders, first while its pages load, then once all are there. */
async function scrollBoard(context: BrowserContext, url: string): Promise<void> {
  const page = await context.newPage();
  await page.goto(url);
  await page.locator(FIRST_ROW).waitFor();
  for (const what of ["while its pages load", "with all rows loaded"]) {
    const { rows, drawn, frames, p95, longest, longTasks } = await scrollToEnd(page);
    say(
      `scrolled ${rows} rows ${what}: ${frames} frames, p95 ${p95} ms, longest ${longest} ms, ` +
        `${longTasks} tasks over 50 ms, at most ${drawn} rows in the page`,
    );
  }
  await page.close();
}

/** Scrolls by 300 pixels a frame from the top until there is nothing more, and answers how long the frames took. */
function scrollToEnd(page: Page) {
  return page.evaluate(async () => {
    const grid = document.querySelector("[role=grid]")!;
    const frame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));
    let longTasks = 0;
    const observer = new PerformanceObserver((list) => {
      longTasks += list.getEntries().length;
    });
    grid.scrollTop = 0;
    await frame();
    observer.observe({ type: "longtask" });
    const frames: number[] = [];
    let last = await frame(), drawn = 0, atEndSince: number | null = null;
    while (atEndSince === null || last - atEndSince < 1_500) {
      grid.scrollTop += 300;
      const now = await frame();
      frames.push(now - last);
      last = now;
      drawn = Math.max(drawn, grid.querySelectorAll("[role=row]").length);
      const isAtEnd = grid.scrollTop + grid.clientHeight >= grid.scrollHeight - 1;
      atEndSince = isAtEnd ? atEndSince ?? now : null;
    }
    observer.disconnect();
    frames.sort((a, b) => a - b);
    return {
      rows: Number(grid.getAttribute("aria-rowcount")) - 1,
      drawn,
      frames: frames.length,
      p95: Math.round(frames[Math.floor(frames.length * 0.95)]!),
      longest: Math.round(frames.at(-1)!),
      longTasks,
    };
  });
}
