import { describe, expect, it } from "vitest";
import { useCompany } from "../harness/app.ts";
import { codeOf, cookiesOf, entriesOf, password, withSetupToken } from "./person.ts";

const company = useCompany({ founded: false });
const email = "orla@kestrel.example";

async function filledIn(overrides: { password?: string; code?: string } = {}) {
  const { body } = await company.caller(withSetupToken).post("/api/setup/totp", { email });
  return {
    company: { name: "Kestrel Couriers", timeZone: "Europe/Berlin", holidays: "DE" },
    owner: {
      name: "Orla Quayside",
      email,
      password,
      ticket: body.ticket,
      code: codeOf(body.secret),
      ...overrides,
    },
    site: { name: "Harbour depot", timeZone: "Europe/Berlin" },
  };
}

describe("a fresh installation", () => {
  it("says that it is still to be set up", async () => {
    expect((await company.caller().get("/api/setup")).body).toEqual({ needed: true });
  });

  it.each(["", "Setup", "Setup guessed", "Basic x"])(
    "opens to nobody without the link that the first start printed: %s",
    async (authorization) => {
      const answer = await company.caller({ authorization }).post("/api/setup/totp", { email });
      expect(answer).toMatchObject({ status: 401, body: { slug: "link-not-valid" } });
    },
  );

  it("refuses a first owner with a password that would be guessed, or with a wrong code", async () => {
    const setUp = async (overrides: Parameters<typeof filledIn>[0]) =>
      await company.caller(withSetupToken).post("/api/setup", await filledIn(overrides));
    const guessable = await setUp({ password: "Kestrel2026" });
    expect(guessable).toMatchObject({ status: 422, body: { faults: [{ path: "owner.password" }] } });
    const wrong = await setUp({ code: "000000" });
    expect(wrong).toMatchObject({ status: 422, body: { faults: [{ path: "owner.code" }] } });
  });

  it("is set up once, also when two use the link at the same moment", async () => {
    const forms = [await filledIn(), await filledIn()];
    const answers = await Promise.all(
      forms.map((form) => company.caller(withSetupToken).post("/api/setup", form)),
    );
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, 409]);
    expect(answers.find((answer) => answer.status === 409)!.body.slug).toBe("already-set-up");

    const first = answers.find((answer) => answer.status === 201)!;
    expect(first.body.recoveryCodes).toHaveLength(10);
    const me = await company.caller({ cookie: cookiesOf(first) }).get("/api/session");
    expect(me.body).toMatchObject({
      name: "Orla Quayside",
      email,
      role: "owner",
      siteIds: null,
      recoveryCodesLeft: 10,
      company: { name: "Kestrel Couriers" },
    });
    expect((await company.caller().get("/api/setup")).body).toEqual({ needed: false });
    expect(await entriesOf(company, "company.set-up")).toHaveLength(1);
    expect(await entriesOf(company, "site.created")).toHaveLength(1);
    expect(await entriesOf(company, "account.activated")).toHaveLength(1);
  });

  it("does not even hand out a secret to scan once it is set up", async () => {
    const answer = await company.caller(withSetupToken).post("/api/setup/totp", { email });
    expect(answer).toMatchObject({ status: 409, body: { slug: "already-set-up" } });
  });
});
