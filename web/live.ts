import type { QueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { meQuery } from "./session.ts";

/** What the server says has changed. */
export interface Change {
  kind: "delivery" | "driver" | "site" | "vehicle" | "account" | "import" | "company" | "backup";
  ids: string[];
}
type Message = { change: Change } | { reset: true } | { connected: boolean };

/** The first words of the query keys each kind of change makes stale. */
const stale: Record<Change["kind"], string[]> = {
  delivery: ["deliveries"],
  driver: ["drivers"],
  site: ["sites"],
  vehicle: ["vehicles"],
  account: ["accounts"],
  import: ["imports"],
  company: ["company", "session"],
  backup: ["backups"],
};

/** Bursts (an import, a mass assignment) become one refetch. */
const GATHER_MS = 250;
/** Shorter gaps than this are normal (a restart of one replica) and not worth a word. */
const QUIET_MS = 2_000;
type Timer = ReturnType<typeof setTimeout>;

const CHANNEL = "fleethold-live";

const listeners = new Set<(change: Change) => void>();
const connection = { up: true, watchers: new Set<() => void>() };

/** Whether changes reach this screen right now; the header says so when they do not. */
export function useConnected(): boolean {
  return useSyncExternalStore((watch) => {
    connection.watchers.add(watch);
    return () => connection.watchers.delete(watch);
  }, () => connection.up);
}

/** Calls `listener` for each change while the component is mounted; queries refetch by themselves. */
export function useLiveChanges(listener: (change: Change) => void): void {
  useEffect(() => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, [listener]);
}

/** Keeps the cached queries true to the server for as long as somebody is signed in. */
export function useLive(queries: QueryClient): void {
  useEffect(() => follow(queries), [queries]);
}

/**
 * One tab holds the stream and passes what it hears to the others: over HTTP/1.1 a browser opens six connections to a
 * host, and six tabs would leave none for anything else. When the tab closes, its lock falls to the next.
 */
function follow(queries: QueryClient): () => void {
  // Told before anything else was read, so whatever changed since is heard even if the stream opens late.
  const after = queries.getQueryData(meQuery.queryKey)?.liveFrom;
  const channel = new BroadcastChannel(CHANNEL);
  const stop = new AbortController();
  const gather = gatherer(queries);
  const hear = (message: Message) => {
    if ("connected" in message) setConnected(message.connected);
    else gather("change" in message ? message.change : null);
  };
  channel.onmessage = ({ data }: MessageEvent<Message>) => hear(data);
  const tell = (message: Message) => {
    hear(message);
    channel.postMessage(message);
  };
  // Locks exist in secure contexts only; without them every tab listens for itself.
  if (navigator.locks) {
    navigator.locks.request(CHANNEL, { signal: stop.signal }, () => listen(tell, after, stop.signal)).catch(
      () => {},
    );
  } else void listen(hear, after, stop.signal);
  return () => {
    stop.abort();
    channel.close();
    setConnected(true);
  };
}

function listen(
  tell: (message: Message) => void,
  after: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((ended) => {
    let grumble: Timer | undefined;
    let source = open(after);
    signal.addEventListener("abort", () => {
      clearTimeout(grumble);
      source.close();
      ended();
    });

    /** Without `from` it is unknown what was missed, so everything is fetched again once the stream is there. */
    function open(from?: string): EventSource {
      const stream = new EventSource(from === undefined ? "/api/live" : `/api/live?after=${from}`);
      let unknown = from === undefined;
      stream.onopen = () => {
        clearTimeout(grumble);
        grumble = undefined;
        tell({ connected: true });
        if (unknown) tell({ reset: true });
        unknown = false;
      };
      stream.addEventListener("change", ({ data }) => tell({ change: JSON.parse(data) as Change }));
      stream.addEventListener("reset", () => tell({ reset: true }));
      stream.onerror = () => {
        grumble ??= setTimeout(() => tell({ connected: false }), QUIET_MS);
        // The browser gives up on an answer that is no stream (503 while the server starts); we do not.
        if (stream.readyState === EventSource.CLOSED && !signal.aborted) {
          setTimeout(() => {
            if (signal.aborted) return;
            source = open();
            // Asking at once also finds out that the session has ended, which a stream cannot say.
            tell({ reset: true });
          }, 3_000 + Math.random() * 4_000);
        }
      };
      return stream;
    }
  });
}

function gatherer(queries: QueryClient): (change: Change | null) => void {
  let pending: Set<string> | "everything" = new Set();
  let timer: Timer | undefined;
  return (change) => {
    if (change === null) pending = "everything";
    else {
      if (pending !== "everything") { for (const key of stale[change.kind]) pending.add(key); }
      for (const listener of listeners) listener(change);
    }
    timer ??= setTimeout(() => {
      const due = pending;
      pending = new Set();
      timer = undefined;
      if (due === "everything") void queries.invalidateQueries();
      else for (const key of due) void queries.invalidateQueries({ queryKey: [key] });
    }, GATHER_MS);
  };
}

function setConnected(up: boolean): void {
  if (connection.up === up) return;
  connection.up = up;
  for (const watch of connection.watchers) watch();
}
