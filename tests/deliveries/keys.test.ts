import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type KeysTables, kyselyOver, openPool } from "../../server/platform/database.ts";
import { newId } from "../../server/platform/id.ts";
import { KeyStore } from "../../server/platform/keys.ts";
import { newOrder, useCompany } from "../harness/app.ts";
import { WorkingDay } from "./day.ts";

const company = useCompany();
let day: WorkingDay;
beforeAll(async () => {
  day = await WorkingDay.at(company);
});

describe("while the keys cluster is away", () => {
  it("orders can neither be read nor written, nothing is half done, and all goes on once it is back", async () => {
    const { id } = await day.order({ number: "#6001" });
    const gate = await Gate.before(company.services.config.FLEETHOLD_KEYS_URL);
    company.services.keys = keysThrough(gate);
    expect((await day.dispatcher.get("/api/deliveries")).status).toBe(200);

    gate.close();
    company.services.keys = keysThrough(gate);
    const entries = await countEntries();
    const answers = await Promise.all([
      day.dispatcher.get("/api/deliveries"),
      day.dispatcher.get(`/api/deliveries/${id}`),
      day.dispatcher.post("/api/deliveries", newOrder(company.here, { number: "#6002" })),
      day.dispatcher.patch(`/api/deliveries/${id}`, { quantity: 2 }, { "If-Match": '"1"' }),
      day.driver.get("/api/driver/stops?day=2026-11-23"),
    ]);
    // A driver without stops needs no key.
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 503, 200]);
    for (const { body, headers } of answers.slice(0, 4)) {
      expect(body).toMatchObject({
        slug: "keys-unavailable",
        detail: expect.stringContaining("Nothing was changed"),
      });
      expect(headers.get("retry-after")).toBe("5");
    }
    expect(await countEntries()).toBe(entries);
    expect((await day.dispatcher.get("/api/deliveries/summary")).body.total).toBe(1);

    await gate.open();
    const back = await day.dispatcher.get(`/api/deliveries/${id}`);
    expect(back).toMatchObject({ status: 200, body: { quantity: 1, version: 1 } });
    expect((await day.dispatcher.post("/api/deliveries", newOrder(company.here, { number: "#6002" }))).status)
      .toBe(201);
  });
});

describe("an erased person's order", () => {
  it("is shown without them everywhere, and never as an error", async () => {
    const recipient = {
      ...newOrder(company.here).recipient,
      name: "Gisela Uhlig",
      phone: null,
      email: "g@uhlig.example",
    };
    const id = await day.orderThatIs("arrived", { number: "#6100", recipient });
    const photo = newId();
    await day.driver.put(`/api/deliveries/${id}/proofs/${newId()}`, { strokes: [[[5, 5]]] });
    await day.step(day.driver, id, "failed", { note: "Gisela is away." });
    await day.dispatcher.patch(`/api/deliveries/${id}`, { recipient: { note: "Ring Gisela." } }, {
      "If-Match": `"${(await day.look(id)).version}"`,
    });
    await erase(id);

    const detail = await day.look(id);
    expect(detail).toMatchObject({ number: "#6100", state: "failed", recipient: null });
    expect(detail.steps.every(({ note }: { note: string | null }) => note === null)).toBe(true);
    expect(detail.proofs).toMatchObject([{ kind: "signature", signature: null }]);
    const { body } = await day.dispatcher.get("/api/deliveries?limit=200");
    expect(body.items.find((item: { id: string }) => item.id === id).recipient).toBeNull();
    for (const typed of ["%236100", "uhlig"]) {
      expect((await day.dispatcher.get(`/api/deliveries?q=${typed}`)).status).toBe(200);
    }
    expect((await day.dispatcher.get("/api/deliveries?q=%236100")).body.items).toHaveLength(1);
    const stops = await day.driver.get("/api/driver/stops?day=2026-11-23");
    expect(stops.body.items.find((item: { id: string }) => item.id === id)).toMatchObject({
      recipient: null,
    });
    const trail = await (await company.as("owner")).get(`/api/audit?thing=${id}`);
    expect(trail.status).toBe(200);
    expect(JSON.stringify(trail.body)).not.toContain("Gisela");
    expect((await day.dispatcher.get(`/api/deliveries/${id}/proofs/${photo}`)).status).toBe(404);

    const { version } = detail;
    expect(
      await day.dispatcher.patch(`/api/deliveries/${id}`, { recipient: { note: "x" } }, {
        "If-Match": `"${version}"`,
      }),
    )
      .toMatchObject({ status: 409, body: { slug: "recipient-erased" } });
    expect(
      (await day.dispatcher.patch(`/api/deliveries/${id}`, { quantity: 3 }, { "If-Match": `"${version}"` }))
        .status,
    )
      .toBe(200);
    expect((await day.step(day.driver, id, "returned")).body).toMatchObject({
      state: "returned",
      recipient: null,
    });
  });

  it("can still be driven to its end, and what would be said of the person is refused", async () => {
    const recipient = {
      ...newOrder(company.here).recipient,
      name: "Uwe Thiele",
      email: "uwe@thiele.example",
    };
    const id = await day.orderThatIs("arrived", { recipient });
    await erase(id);
    const said = await day.step(day.driver, id, "failed", { note: "Uwe was not there." });
    expect(said).toMatchObject({ status: 409, body: { slug: "person-erased" } });
    const signed = await day.driver.put(`/api/deliveries/${id}/proofs/${newId()}`, { strokes: [[[5, 5]]] });
    expect(signed).toMatchObject({ status: 409, body: { slug: "person-erased" } });
    expect((await day.step(day.driver, id, "failed")).body.state).toBe("failed");
  });

  it("wakes nobody when somebody of that name orders again", async () => {
    const recipient = {
      ...newOrder(company.here).recipient,
      name: "Ana Sauerbier",
      email: "ana@sauerbier.example",
    };
    const { id } = await day.order({ recipient });
    const erased = await recipientOf(id);
    await erase(id);
    const { id: next } = await day.order({ recipient });
    expect(await recipientOf(next)).not.toBe(erased);
    expect((await day.look(next)).recipient.name).toBe("Ana Sauerbier");
    expect((await day.look(id)).recipient).toBeNull();
  });
});

/** Stands between the server and the keys cluster, to be closed and opened. */
class Gate {
  #listener: Deno.Listener | undefined;
  readonly #connections = new Set<Deno.Conn>();

  private constructor(readonly port: number, private readonly target: number) {}

  static async before(url: string): Promise<Gate> {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const gate = new Gate((listener.addr as Deno.NetAddr).port, Number(new URL(url).port));
    listener.close();
    await gate.open();
    onTestFinished(() => gate.close());
    return gate;
  }

  open(): Promise<void> {
    const listener = this.#listener = Deno.listen({ hostname: "127.0.0.1", port: this.port });
    void this.#accept(listener);
    return Promise.resolve();
  }

  close(): void {
    this.#listener?.close();
    this.#listener = undefined;
    for (const connection of this.#connections) connection.close();
    this.#connections.clear();
  }

  async #accept(listener: Deno.Listener): Promise<void> {
    for await (const inside of listener) {
      const outside = await Deno.connect({ hostname: "127.0.0.1", port: this.target });
      for (const [from, to] of [[inside, outside], [outside, inside]] as const) {
        this.#connections.add(from);
        from.readable.pipeTo(to.writable).catch(() => {});
      }
    }
  }
}

/** A key store that has nothing in memory yet and reaches its cluster through a gate. */
function keysThrough({ port }: Gate): KeyStore {
  const { config, log } = company.services;
  const url = new URL(config.FLEETHOLD_KEYS_URL);
  url.port = String(port);
  const pool = openPool({
    url: url.href,
    password: config.FLEETHOLD_KEYS_PASSWORD,
    size: 2,
    name: "test",
    log,
  });
  onTestFinished(() => {
    company.forgetKeys();
    return pool.end();
  });
  return new KeyStore(kyselyOver<KeysTables>(pool), config.FLEETHOLD_MASTER_KEY);
}

async function erase(deliveryId: string): Promise<void> {
  const keys = await company.superuser("keys");
  await keys.query("delete from subject_keys where subject = $1", [await recipientOf(deliveryId)]);
  company.forgetKeys();
}

async function recipientOf(id: string): Promise<string> {
  const row = await company.services.db.selectFrom("deliveries").select("recipientId").where("id", "=", id)
    .executeTakeFirstOrThrow();
  return row.recipientId;
}

async function countEntries(): Promise<number> {
  return (await company.services.db.selectFrom("auditEntries").select("id").execute()).length;
}
