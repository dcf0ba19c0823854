import { sql } from "kysely";
import { beforeAll, describe, expect, it } from "vitest";
import type { NewDelivery } from "../../server/deliveries/schema.ts";
import { type Caller, newOrder, useCompany } from "../harness/app.ts";

const company = useCompany();
let dispatcher: Caller;

beforeAll(async () => {
  dispatcher = await company.as("dispatcher");
  await make("#4101", { name: "Małgorzata Żurek", street: "Straße der Einheit 12a", city: "Kranichsbrück" });
  await make("#4102", {
    name: "Søren Müller-Lüdenscheidt",
    phone: "+49 (0)171 39200-55",
    email: "Soeren@post.example",
  });
  await make("#4103", { name: "Chloé Ricci", street: "Am Mühlbach 7", unit: "Attic", postcode: "05112" });
  await make("WEB_50%", { name: "Paul Brandt" });
  await make("WEBX501", { name: "Paula Brandtner" });
});

describe("the search", () => {
  it.each([
    ["an order's number", "#4101", ["#4101"]],
    ["a number without its sign", "4102", ["#4102"]],
    ["the beginning of a number, in either case", "web", ["WEB_50%", "WEBX501"]],
    ["signs that mean something to SQL, as themselves", "web_50%", ["WEB_50%"]],
    ["a first name", "Chloé", ["#4103"]],
    ["a name without its accents", "malgorzata zurek", ["#4101"]],
    ["a name with accents it does not have", "Päul Brandt", ["WEB_50%", "WEBX501"]],
    ["a letter as it is spelled without an umlaut key", "Mueller", ["#4102"]],
    ["half of a double name", "Lüdenscheidt", ["#4102"]],
    ["ss for ß", "strasse einheit", ["#4101"]],
    ["the beginnings of words, in any order", "zur mal", ["#4101"]],
    ["a phone number as it was typed", "+49 (0)171 39200-55", ["#4102"]],
    ["a phone number without its country", "0171 3920055", ["#4102"]],
    ["the last digits of a phone number", "920055", ["#4102"]],
    ["an e-mail address, whatever its case", "soeren@POST.example", ["#4102"]],
    ["a street with its house number", "Am Mühlbach 7", ["#4103"]],
    ["a postcode and a name", "05112 ricci", ["#4103"]],
    ["a unit", "attic", ["#4103"]],
    ["words of which one does not fit", "ricci hamburg", []],
    ["nothing but punctuation", "-- ' \" %", []],
  ])("finds by %s", async (_, typed, numbers) => {
    expect(await numbersFound(dispatcher, typed)).toEqual(numbers.toSorted());
  });

  it("finds what was edited by its new words, and no longer by its old ones", async () => {
    const { id } = await make("#4201", { name: "Anton Vogelsang" });
    await dispatcher.patch(`/api/deliveries/${id}`, { recipient: { name: "Anton Ziegenhals" } }, {
      "If-Match": '"1"',
    });
    expect(await numbersFound(dispatcher, "ziegenhals")).toEqual(["#4201"]);
    expect(await numbersFound(dispatcher, "vogelsang")).toEqual([]);
  });

  it("narrows by state, day and site as the list does", async () => {
    expect(await numbersFound(dispatcher, "ricci&state=completed")).toEqual([]);
    expect(await numbersFound(dispatcher, "ricci&day=2026-11-23")).toEqual(["#4103"]);
    expect(await numbersFound(dispatcher, `ricci&site=${company.there}`)).toEqual([]);
  });

  it("shows another site's dispatcher nothing of ours", async () => {
    const elsewhere = await company.as("dispatcher", [company.there]);
    for (const typed of ["#4101", "ricci", "920055"]) {
      expect(await numbersFound(elsewhere, typed)).toEqual([]);
    }
  });

  it("is made again when a crash of the database has emptied its index", async () => {
    await sql`truncate delivery_search, recipient_matches`.execute(company.superDb);
    await company.superDb.deleteFrom("blindIndexes").where("name", "=", "deliveries").execute();
    const answers = await Promise.all([1, 2, 3].map(() => numbersFound(dispatcher, "malgorzata")));
    expect(answers).toEqual([["#4101"], ["#4101"], ["#4101"]]);
    const before = await recipientOf("#4102");
    await make("#4301", { name: "Søren Müller-Lüdenscheidt", phone: "0171 3920055", email: null });
    expect(await recipientOf("#4301")).toBe(before);
  });

  it("leaves the others a connection while many search at the moment its index is made again", async () => {
    await sql`truncate delivery_search, recipient_matches`.execute(company.superDb);
    await company.superDb.deleteFrom("blindIndexes").where("name", "=", "deliveries").execute();
    // As a rebuild of two thousand orders on a slow machine: whoever is at it is held up in the middle.
    let searches: Promise<string[][]> | undefined;
    await company.superDb.transaction().execute(async (tx) => {
      await sql`lock table delivery_search in exclusive mode`.execute(tx);
      searches = Promise.all(Array.from({ length: 20 }, () => numbersFound(dispatcher, "malgorzata")));
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect((await dispatcher.get("/api/sites")).status).toBe(200);
    });
    expect(await searches).toEqual(Array.from({ length: 20 }, () => ["#4101"]));
  });

  it("asks for patience while a large index is made again by the worker", async () => {
    await sql`truncate delivery_search`.execute(company.superDb);
    await company.superDb.deleteFrom("blindIndexes").where("name", "=", "deliveries").execute();
    await sql`insert into deliveries (id, site_id, number, kind, state, day, service_minutes, priority, quantity,
        recipient_id)
      select gen_random_uuid(), ${company.there}, 'B' || n, 'delivery', 'unassigned', '2026-11-20', 5, 'normal', 1,
        gen_random_uuid() from generate_series(1, 2001) as n`.execute(company.services.db);
    const answer = await dispatcher.get("/api/deliveries?q=ricci");
    expect(answer).toMatchObject({ status: 503, body: { slug: "search-rebuilding" } });
    expect(answer.headers.get("retry-after")).toBe("30");
    const { rows } = await sql<{ jobs: number }>`select count(*) as jobs from graphile_worker.jobs
      where task_identifier = 'search.rebuild'`.execute(company.services.db);
    expect(rows[0]!.jobs).toBe(1);
    const { rebuildSearch } = await import("../../server/deliveries/search.ts");
    await rebuildSearch(company.services);
    expect(await numbersFound(dispatcher, "ricci")).toEqual(["#4103"]);
  });

  it("is refused when what is typed cannot be text", async () => {
    expect((await dispatcher.get("/api/deliveries?q=%00")).status).toBe(422);
  });
});

async function make(number: string, recipient: Partial<NewDelivery["recipient"]>) {
  const order = newOrder(company.here, { number });
  const { status, body } = await dispatcher.post("/api/deliveries", {
    ...order,
    recipient: {
      ...order.recipient,
      phone: null,
      email: null,
      street: "Weg 1",
      city: null,
      postcode: null,
      ...recipient,
    },
  });
  expect(status, JSON.stringify(body)).toBe(201);
  return body;
}

/** Of what is typed, the part before the first `&`; the rest are other parameters. */
async function numbersFound(caller: Caller, typed: string): Promise<string[]> {
  const [text, ...others] = typed.split("&");
  const query = [`q=${encodeURIComponent(text!)}`, ...others].join("&");
  const { status, body } = await caller.get(`/api/deliveries?${query}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.items.map(({ number }: { number: string }) => number).sort();
}

async function recipientOf(number: string): Promise<string> {
  const row = await company.services.db.selectFrom("deliveries").select("recipientId").where(
    "number",
    "=",
    number,
  )
    .executeTakeFirstOrThrow();
  return row.recipientId;
}
