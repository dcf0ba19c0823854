import { Hono } from "hono";
import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import { type AppEnv, may } from "../access/may.ts";
import { isStillSignedIn } from "../access/session.ts";
import { isUnreachable } from "../platform/database.ts";
import { answers, query } from "../platform/http.ts";
import type { Services } from "../platform/services.ts";
import type { Batch, Live, Stream } from "./live.ts";
import { endsSession, newsFor } from "./news.ts";
import { LiveQuery } from "./schema.ts";

/** A connection that says nothing for longer looks dead to proxies. */
const HEARTBEAT_MS = 20_000;
/** More ids than this in one event cost more to fetch one by one than to load everything again. */
const MOST_IDS = 500;
const RETRY_MS = 2_000;

/**
 * Live updates as server-sent events (WHATWG HTML, 9.2): `change` names what to fetch again, `reset` says to fetch
 * everything. The id of the last event of a batch is where a stream resumes; a first one begins at `after`, which the
 * session tells (`liveFrom`), so that nothing is missed between what a page read and its stream.
 * Each `heartbeat` ms a stream says that it is still there, and ends if its session has run out.
 */
export const liveRoutes = (live: Live, heartbeat = HEARTBEAT_MS) =>
  new Hono<AppEnv>().get(
    "/",
    may("own-session"),
    query(LiveQuery),
    answers(200, null, "Streams what changes, as far as you may see it", "text/event-stream"),
    async (c) => {
      const { actor, services } = c.var;
      const stream = live.join(actor);
      let missed: Batch;
      try {
        missed = await live.since(c.req.header("last-event-id") ?? c.req.valid("query").after);
      } catch (error) {
        stream.leave();
        throw error;
      }
      return streamSSE(c, async (sse) => {
        sse.onAbort(() => stream.end());
        try {
          await sse.write(`retry: ${RETRY_MS}\n\n`);
          await tell(sse, stream, missed);
          await sse.write(`id: ${missed.upTo}\n\n`);
          await keepTelling(sse, stream, services, heartbeat);
        } catch (error) {
          // The browser comes back by itself and goes on where this one stopped.
          services.log.warn({ err: error }, "a live connection broke off");
        } finally {
          stream.leave();
        }
      });
    },
  );

async function keepTelling(
  sse: SSEStreamingApi,
  stream: Stream,
  services: Services,
  heartbeat: number,
): Promise<void> {
  let beat = Date.now() + heartbeat;
  while (!stream.ended) {
    const batch = await stream.next(beat - Date.now());
    if (batch?.entries === null || batch?.entries.length) await tell(sse, stream, batch);
    if (Date.now() < beat) continue;
    if (!await mayGoOn(services, stream)) return;
    await sse.write(batch ? `:\nid: ${batch.upTo}\n\n` : ":\n\n");
    beat = Date.now() + heartbeat;
  }
}

/** Tells of a batch, or ends the stream if the batch ends its session. Only the batch's last event carries the id. */
async function tell(sse: SSEStreamingApi, stream: Stream, { upTo, entries }: Batch): Promise<void> {
  if (!entries) return await sse.writeSSE({ event: "reset", data: "{}", id: upTo });
  if (entries.some((entry) => endsSession(entry, stream.actor))) return stream.end();
  const news = [...newsFor(stream.actor, entries)].map(([kind, ids]) => ({ kind, ids: [...ids] }));
  if (news.some(({ ids }) => ids.length > MOST_IDS)) {
    return await sse.writeSSE({ event: "reset", data: "{}", id: upTo });
  }
  for (const [index, data] of news.entries()) {
    const id = index === news.length - 1 ? { id: upTo } : {};
    await sse.writeSSE({ event: "change", data: JSON.stringify(data), ...id });
  }
}

/** While the database is away nobody's session can have ended. */
async function mayGoOn(services: Services, { actor }: Stream): Promise<boolean> {
  try {
    return await isStillSignedIn(services, actor);
  } catch (error) {
    if (isUnreachable(error)) return true;
    throw error;
  }
}
