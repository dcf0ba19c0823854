import { Gauge, Histogram, Registry } from "prom-client";
import type { MiddlewareHandler } from "hono";
import type pg from "pg";
import { patternOf } from "./http.ts";

/** The figures of one process, for Prometheus. Route patterns and counts only: nothing that says who or whom. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #setters: (() => Promise<void>)[] = [];
  readonly #requests = new Histogram({
    name: "fleethold_http_request_seconds",
    help: "Time to answer a request",
    labelNames: ["method", "route", "status"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [this.#registry],
  });
  readonly jobs = new Histogram({
    name: "fleethold_job_seconds",
    help: "Time a background job took",
    labelNames: ["job", "result"],
    buckets: [0.01, 0.1, 1, 10, 60, 600],
    registers: [this.#registry],
  });

  constructor(pools: Record<string, pg.Pool>) {
    new Gauge({
      name: "fleethold_resident_memory_bytes",
      help: "Memory of this process",
      registers: [this.#registry],
      collect() {
        this.set(Deno.memoryUsage().rss);
      },
    });
    new Gauge({
      name: "fleethold_database_connections",
      help: "Connections of each pool",
      labelNames: ["pool", "state"],
      registers: [this.#registry],
      collect() {
        for (const [name, pool] of Object.entries(pools)) {
          this.set({ pool: name, state: "open" }, pool.totalCount);
          this.set({ pool: name, state: "idle" }, pool.idleCount);
          this.set({ pool: name, state: "waiting" }, pool.waitingCount);
        }
      },
    });
  }

  /** A further figure, for a slice to set before it is read. */
  gauge(name: string, help: string, labelNames: string[]): Gauge {
    return new Gauge({ name, help, labelNames, registers: [this.#registry] });
  }

  /** Runs `set` each time the figures are asked for. When it fails, they are answered without what it would have set. */
  beforeReading(set: () => Promise<void>): void {
    this.#setters.push(set);
  }

  /** Times every request by its route's pattern. */
  timing(): MiddlewareHandler {
    return async (c, next) => {
      const stop = this.#requests.startTimer();
      await next();
      stop({ method: c.req.method, route: patternOf(c), status: String(c.res.status) });
    };
  }

  /** The figures in Prometheus' text format. */
  async text(): Promise<string> {
    await Promise.allSettled(this.#setters.map((set) => set()));
    return await this.#registry.metrics();
  }
  readonly contentType = this.#registry.contentType;
}
