import { newId } from "../../server/platform/id.ts";
import { type Caller, newOrder } from "../harness/app.ts";

/** The things of one site that requests can be about. */
export interface Things {
  site: string;
  account: string;
  driver: string;
  vehicle: string;
  order: string;
  step: string;
  photo: string;
  import: string;
}

/** A well-formed request of one route, about the things of one site. */
export interface Sample {
  path: (things: Things) => string;
  body?: (things: Things) => unknown;
  headers?: Record<string, string>;
  /** The thing the path names, when it belongs to a site: another site's must not be found. */
  ofSite?: true;
}

const at = (path: string): Sample["path"] => () => path;
const edited = { "If-Match": '"1"' };
const uuid = "01890a5d-ac96-774b-bcce-b302099a8057";

/** What a browser sends of a passkey that nobody has. */
const passkeyAnswer = () => ({
  ticket: "made-up",
  response: {
    id: "AAAA",
    rawId: "AAAA",
    type: "public-key",
    response: { clientDataJSON: "e30", authenticatorData: "AAAA", signature: "AAAA" },
  },
});

/** Every route of the API by the name the router gives it. A route that is missing here fails the tests. */
export const samples: Record<string, Sample> = {
  "GET /api/setup": { path: at("/api/setup") },
  "POST /api/setup/totp": { path: at("/api/setup/totp"), body: () => ({ email: "owner@kestrel.example" }) },
  "POST /api/setup": {
    path: at("/api/setup"),
    body: () => ({
      company: { name: "Kestrel", timeZone: "Europe/Berlin", holidays: "DE" },
      owner: {
        name: "Olga Probe",
        email: "olga@kestrel.example",
        password: "quite-a-long-one",
        ticket: "x",
        code: "123456",
      },
      site: { name: "First", timeZone: "Europe/Berlin" },
    }),
  },
  "POST /api/session": {
    path: at("/api/session"),
    body: () => ({ email: "nobody@kestrel.example", password: "quite-a-long-one", code: "123456" }),
  },
  "GET /api/session": { path: at("/api/session") },
  "DELETE /api/session": { path: at("/api/session") },
  "POST /api/session/proof": { path: at("/api/session/proof"), body: () => ({ code: "123456" }) },
  "POST /api/session/passkey/challenge": { path: at("/api/session/passkey/challenge") },
  "POST /api/session/passkey": { path: at("/api/session/passkey"), body: passkeyAnswer },
  "POST /api/session/proof/challenge": { path: at("/api/session/proof/challenge") },
  "POST /api/session/proof/passkey": { path: at("/api/session/proof/passkey"), body: passkeyAnswer },
  "GET /api/keys": { path: at("/api/keys") },
  "POST /api/keys": {
    path: at("/api/keys"),
    body: ({ site }) => ({ name: "Web shop", rights: ["orders.read"], siteIds: [site], days: 90 }),
  },
  "DELETE /api/keys/:id": { path: at(`/api/keys/${uuid}`) },
  "GET /api/elevations": { path: at("/api/elevations") },
  "POST /api/elevations": {
    path: at("/api/elevations"),
    body: () => ({ role: "auditor", minutes: 60, reason: "Asked by the insurer" }),
  },
  "PUT /api/elevations/:id/decision": {
    path: at(`/api/elevations/${uuid}/decision`),
    body: () => ({ granted: true }),
  },
  "DELETE /api/elevations/:id": { path: at(`/api/elevations/${uuid}`) },
  "GET /api/passkeys": { path: at("/api/passkeys") },
  "POST /api/passkeys/challenge": { path: at("/api/passkeys/challenge") },
  "POST /api/passkeys": {
    path: at("/api/passkeys"),
    body: () => ({
      ticket: "made-up",
      name: "Work laptop",
      response: {
        ...passkeyAnswer().response,
        response: { clientDataJSON: "e30", attestationObject: "oA", transports: ["internal"] },
      },
    }),
  },
  "PATCH /api/passkeys/:id": { path: at(`/api/passkeys/${uuid}`), body: () => ({ name: "Work laptop" }) },
  "DELETE /api/passkeys/:id": { path: at(`/api/passkeys/${uuid}`) },
  "PUT /api/session/password": {
    path: at("/api/session/password"),
    body: () => ({ current: "not-the-password", code: "123456", next: "another-long-enough" }),
  },
  "POST /api/session/recovery-codes": {
    path: at("/api/session/recovery-codes"),
    body: () => ({ password: "not-the-password", code: "123456" }),
  },
  "POST /api/session/totp/enrolment": {
    path: at("/api/session/totp/enrolment"),
    body: () => ({ password: "not-the-password", code: "123456" }),
  },
  "PUT /api/session/totp": {
    path: at("/api/session/totp"),
    body: () => ({ password: "not-the-password", code: "123456", ticket: "x", next: "123456" }),
  },
  "GET /api/sessions": { path: at("/api/sessions") },
  "DELETE /api/sessions": { path: at("/api/sessions") },
  "DELETE /api/sessions/:id": { path: at(`/api/sessions/${uuid}`) },
  "GET /api/accounts": { path: at("/api/accounts?limit=10") },
  "POST /api/accounts": {
    path: at("/api/accounts"),
    body: ({ site }) => ({
      name: "Nina Neu",
      email: `nina-${newId()}@kestrel.example`,
      role: "dispatcher",
      siteIds: [site],
      driverId: null,
    }),
  },
  "PATCH /api/accounts/:id": {
    path: ({ account }) => `/api/accounts/${account}`,
    body: () => ({ name: "Nina Neuer" }),
    headers: edited,
  },
  "DELETE /api/accounts/:id/sessions": { path: ({ account }) => `/api/accounts/${account}/sessions` },
  "POST /api/accounts/:id/invitation": { path: ({ account }) => `/api/accounts/${account}/invitation` },
  "GET /api/invitation": { path: at("/api/invitation") },
  "POST /api/invitation/totp": { path: at("/api/invitation/totp") },
  "POST /api/invitation": {
    path: at("/api/invitation"),
    body: () => ({ password: "quite-a-long-one", ticket: "x", code: "123456" }),
  },
  "GET /api/company": { path: at("/api/company") },
  "PUT /api/company": {
    path: at("/api/company"),
    body: () => ({ name: "Kestrel Couriers", timeZone: "Europe/Berlin", holidays: "DE" }),
  },
  "GET /api/sites": { path: at("/api/sites?limit=10") },
  "POST /api/sites": {
    path: at("/api/sites"),
    body: () => ({ name: `Depot ${newId()}`, timeZone: "Europe/Berlin", position: { lat: 52.5, lon: 13.4 } }),
  },
  "GET /api/sites/:id": { path: ({ site }) => `/api/sites/${site}`, ofSite: true },
  "PATCH /api/sites/:id": {
    path: ({ site }) => `/api/sites/${site}`,
    body: () => ({ city: "Lindental" }),
    headers: edited,
    ofSite: true,
  },
  "GET /api/vehicles": { path: at("/api/vehicles?limit=10") },
  "POST /api/vehicles": {
    path: at("/api/vehicles"),
    body: ({ site }) => ({
      name: "Van 7",
      plate: "X-FH 7",
      kind: "van",
      siteId: site,
      capacityKg: 800,
      capacityUnits: 40,
    }),
  },
  "GET /api/vehicles/:id": { path: ({ vehicle }) => `/api/vehicles/${vehicle}`, ofSite: true },
  "PATCH /api/vehicles/:id": {
    path: ({ vehicle }) => `/api/vehicles/${vehicle}`,
    body: () => ({ name: "Van 8" }),
    headers: edited,
    ofSite: true,
  },
  "GET /api/drivers": { path: at("/api/drivers?limit=10") },
  "POST /api/drivers": {
    path: at("/api/drivers"),
    body: ({ site, vehicle }) => ({
      name: "Dora Fahrt",
      phone: "+49 171 3920001",
      email: "dora@kestrel.example",
      siteId: site,
      vehicleId: vehicle,
    }),
  },
  "GET /api/drivers/:id": { path: ({ driver }) => `/api/drivers/${driver}`, ofSite: true },
  "PATCH /api/drivers/:id": {
    path: ({ driver }) => `/api/drivers/${driver}`,
    body: () => ({ phone: "+49 171 3920002" }),
    headers: edited,
    ofSite: true,
  },
  "GET /api/deliveries": {
    path: ({ site }) => `/api/deliveries?site=${site}&q=mara&day=2026-11-23&limit=10`,
  },
  "GET /api/deliveries/summary": {
    path: ({ site }) => `/api/deliveries/summary?site=${site}&day=2026-11-23`,
  },
  "POST /api/deliveries": {
    path: at("/api/deliveries"),
    body: ({ site }) =>
      newOrder(site, {
        window: { after: "2026-11-23T08:00:00Z", before: "2026-11-23T10:00:00Z", hard: false },
        cash: { amount: 1990, currency: "EUR" },
        tags: ["fragile"],
        requires: ["note"],
      }),
  },
  "PUT /api/deliveries/assignments": {
    path: at("/api/deliveries/assignments"),
    body: ({ order, driver }) => ({ ids: [order], driverId: driver, offer: false }),
  },
  "GET /api/deliveries/:id": { path: ({ order }) => `/api/deliveries/${order}`, ofSite: true },
  "PATCH /api/deliveries/:id": {
    path: ({ order }) => `/api/deliveries/${order}`,
    body: () => ({ priority: "high", recipient: { note: "Ring twice" } }),
    headers: edited,
    ofSite: true,
  },
  "POST /api/deliveries/:id/steps": {
    path: ({ order }) => `/api/deliveries/${order}/steps`,
    body: () => ({ id: newId(), to: "accepted", happenedAt: new Date().toISOString(), note: "On my way" }),
    ofSite: true,
  },
  "DELETE /api/deliveries/:id/steps/:stepId": {
    path: ({ order, step }) => `/api/deliveries/${order}/steps/${step}`,
    ofSite: true,
  },
  "PUT /api/deliveries/:id/proofs/:proofId": {
    path: ({ order }) => `/api/deliveries/${order}/proofs/${newId()}`,
    body: () => ({ strokes: [[[0, 0], [10, 10]]] }),
    ofSite: true,
  },
  "GET /api/deliveries/:id/proofs/:proofId": {
    path: ({ order, photo }) => `/api/deliveries/${order}/proofs/${photo}`,
    ofSite: true,
  },
  "POST /api/deliveries/:id/tracking-link": {
    path: ({ order }) => `/api/deliveries/${order}/tracking-link`,
    ofSite: true,
  },
  "GET /api/driver/stops": { path: at("/api/driver/stops?day=2026-11-23") },
  "POST /api/imports": {
    path: ({ site }) => `/api/imports?site=${site}&name=orders.csv`,
    body: () => new TextEncoder().encode("number,name,street\n1,Mara Beispiel,Ahornallee 12\n"),
    headers: { "Content-Type": "text/csv" },
  },
  "GET /api/imports": { path: at("/api/imports?limit=10") },
  "GET /api/imports/:id": { path: ({ import: id }) => `/api/imports/${id}`, ofSite: true },
  "GET /api/imports/:id/preview": { path: ({ import: id }) => `/api/imports/${id}/preview`, ofSite: true },
  "DELETE /api/imports/:id": { path: ({ import: id }) => `/api/imports/${id}`, ofSite: true },
  "PUT /api/imports/:id/options": {
    path: ({ import: id }) => `/api/imports/${id}/options`,
    body: () => ({ format: "custom", mapping: { number: "number", name: "name", street: "street" } }),
    ofSite: true,
  },
  "POST /api/imports/:id/run": {
    path: ({ import: id }) => `/api/imports/${id}/run`,
    body: () => ({ mode: "valid-rows" }),
    ofSite: true,
  },
  "GET /api/audit": { path: at("/api/audit?act=delivery.&limit=10") },
  "GET /api/audit/acts": { path: at("/api/audit/acts") },
  "GET /api/backups": { path: at("/api/backups") },
  "GET /api/backups/runs": {
    path: at("/api/backups/runs?kind=full,drill&from=2026-11-01T00:00:00Z&limit=10"),
  },
  "POST /api/backups/requests": { path: at("/api/backups/requests"), body: () => ({ kind: "drill" }) },
  "GET /api/tracking": { path: at("/api/tracking"), headers: { Authorization: "Tracking nothing" } },
  "GET /api/live": { path: at("/api/live") },
  "GET /api/openapi.json": { path: at("/api/openapi.json") },
  "POST /api/invitation/passkey/challenge": { path: at("/api/invitation/passkey/challenge") },
  "POST /api/invitation/passkey": {
    path: at("/api/invitation/passkey"),
    body: () => ({
      ticket: "made-up",
      name: "Key",
      response: {
        id: "AAAA",
        rawId: "AAAA",
        type: "public-key",
        response: { clientDataJSON: "e30", attestationObject: "AAAA" },
      },
    }),
  },
  "POST /api/session/factors/enrolment": { path: at("/api/session/factors/enrolment") },
  "POST /api/session/factors": {
    path: at("/api/session/factors"),
    body: () => ({ password: "quite-a-long-one", ticket: "x", code: "123456" }),
  },
  "GET /api/sso": { path: at("/api/sso") },
  "POST /api/sso/:slug/start": { path: at("/api/sso/nobody/start"), body: () => ({ returnTo: "/" }) },
  "POST /api/sso/:slug/invitation": { path: at("/api/sso/nobody/invitation") },
  "GET /api/sso/own": { path: at("/api/sso/own") },
  "POST /api/sso/:slug/connect": { path: at("/api/sso/nobody/connect") },
  "DELETE /api/sso/own/:id": { path: at(`/api/sso/own/${uuid}`) },
  "POST /api/sso/:slug/proof": { path: at("/api/sso/nobody/proof") },
  "POST /api/sso/sign-out": { path: at("/api/sso/sign-out") },
  "GET /api/sso/providers": { path: at("/api/sso/providers") },
  "POST /api/sso/providers": {
    path: at("/api/sso/providers"),
    body: () => ({
      slug: `p${newId().slice(-8)}`,
      name: "Kestrel sign-in",
      issuer: "https://login.kestrel.example",
      clientId: "fleethold",
      settings: {},
    }),
  },
  "PATCH /api/sso/providers/:id": {
    path: at(`/api/sso/providers/${uuid}`),
    headers: edited,
    body: () => ({ name: "Kestrel" }),
  },
  "DELETE /api/sso/providers/:id": { path: at(`/api/sso/providers/${uuid}`) },
  "POST /api/sso/providers/:id/check": { path: at(`/api/sso/providers/${uuid}/check`) },
  "POST /api/sso/providers/:id/trial": { path: at(`/api/sso/providers/${uuid}/trial`) },
  "GET /api/sso/trials/:id": { path: at(`/api/sso/trials/${uuid}`) },
  "GET /api/sso/providers/:id/directory": { path: at(`/api/sso/providers/${uuid}/directory`) },
  "POST /api/sso/providers/:id/directory/key": {
    path: at(`/api/sso/providers/${uuid}/directory/key`),
    body: () => ({ days: 30 }),
  },
  "DELETE /api/sso/providers/:id/directory/key": { path: at(`/api/sso/providers/${uuid}/directory/key`) },
  "GET /api/sign-in-policy": { path: at("/api/sign-in-policy") },
  "PATCH /api/sign-in-policy": {
    path: at("/api/sign-in-policy"),
    headers: edited,
    body: () => ({ passkeyRoles: [] }),
  },
};

/** Makes one of each thing at a site. */
export async function makeThings(owner: Caller, site: string): Promise<Things> {
  const made = async (name: keyof typeof samples, more: Partial<Things> = {}) => {
    const sample = samples[name]!;
    const things = { site, ...more } as Things;
    const answer = await owner.post(sample.path(things), sample.body!(things), sample.headers);
    if (answer.status >= 300) throw new Error(`${name}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const vehicle = (await made("POST /api/vehicles")).id;
  const driver = (await made("POST /api/drivers", { vehicle })).id;
  const order = (await made("POST /api/deliveries")).id;
  const account = (await made("POST /api/accounts")).account.id;
  const imported = (await made("POST /api/imports")).id;
  await owner.put("/api/deliveries/assignments", { ids: [order], driverId: driver });
  const detail = await owner.get(`/api/deliveries/${order}`);
  return {
    site,
    vehicle,
    driver,
    order,
    account,
    import: imported,
    step: detail.body.steps[0].id,
    photo: newId(),
  };
}
