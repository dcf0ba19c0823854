import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { newId } from "../../server/platform/id.ts";
import { type MailServer, sendMail } from "../../server/platform/mail.ts";
import { TestMailServer } from "../harness/mail_server.ts";

let starttls: TestMailServer, tls: TestMailServer, foreign: TestMailServer, plain: TestMailServer;
beforeAll(async () => {
  [starttls, tls, foreign, plain] = await Promise.all([
    TestMailServer.start(),
    TestMailServer.start({ secure: true }),
    TestMailServer.start({ host: "another.example" }),
    TestMailServer.start({ hidesTls: true }),
  ]);
});
beforeEach(() => [starttls, tls, foreign, plain].forEach(({ arrived }) => arrived.splice(0)));
afterAll(() => Promise.all([starttls, tls, foreign, plain].map((server) => server?.end())));

const at = ({ port, authority }: TestMailServer, over: Partial<MailServer> = {}): MailServer => ({
  hostname: "localhost",
  port,
  tls: "starttls",
  signIn: { user: "alerts", password: "opensesame" },
  authority,
  ...over,
});
const mail = (over: Partial<Parameters<typeof sendMail>[1]> = {}) => ({
  id: newId(),
  from: "fleethold@kestrel.example",
  to: ["olive@kestrel.example"],
  subject: "Backups: 1 promise is broken",
  text: "Zu wenig Platz für Sicherungen.\n",
  ...over,
});

describe("a mail", () => {
  it("goes out encrypted and signed in, by STARTTLS or by TLS from the start", async () => {
    const sent = mail();
    expect(await sendMail(at(starttls), sent)).toBe(0);
    expect(await sendMail(at(tls, { tls: "tls" }), mail())).toBe(0);
    for (const { arrived } of [starttls, tls]) {
      expect(arrived).toMatchObject([{ isEncrypted: true, user: "alerts", to: ["olive@kestrel.example"] }]);
    }
    expect(starttls.arrived[0]!.text).toContain(`Message-ID: <${sent.id}@kestrel.example>`);
    expect(starttls.arrived[0]!.text).toContain("Auto-Submitted: auto-generated");
  });

  it("is not handed to a server with a certificate of an authority we do not know", async () => {
    await expect(sendMail(at(starttls, { authority: null }), mail())).rejects.toMatchObject({
      code: "certificate",
    });
    await expect(sendMail(at(tls, { tls: "tls", authority: null }), mail())).rejects.toMatchObject({
      code: "certificate",
    });
    expect([starttls.arrived, tls.arrived]).toEqual([[], []]);
  });

  it("is not handed to a server whose certificate names another one", async () => {
    await expect(sendMail(at(foreign), mail())).rejects.toMatchObject({ code: "certificate" });
    expect(foreign.arrived).toEqual([]);
  });

  it("is not handed, nor is the password, to a server that offers no encryption", async () => {
    await expect(sendMail(at(plain), mail())).rejects.toMatchObject({ name: "MailFailed" });
    expect(plain.arrived).toEqual([]);
    expect(await sendMail(at(plain, { tls: "none", signIn: null }), mail())).toBe(0);
    expect(plain.arrived).toMatchObject([{ isEncrypted: false }]);
  });

  it("says why it was not taken", async () => {
    const wrong = at(starttls, { signIn: { user: "alerts", password: "wrong" } });
    await expect(sendMail(wrong, mail())).rejects.toMatchObject({ code: "sign-in-535" });
    await expect(sendMail(at(starttls, { port: 1 }), mail())).rejects.toMatchObject({ code: "unreachable" });
    starttls.unknown.add("nobody@kestrel.example");
    await expect(sendMail(at(starttls), mail({ to: ["nobody@kestrel.example"] }))).rejects.toMatchObject({
      code: "refused-550",
    });
  });

  it("reaches the others where one address is refused", async () => {
    starttls.unknown.add("nobody@kestrel.example");
    const to = ["nobody@kestrel.example", "olive@kestrel.example"];
    expect(await sendMail(at(starttls), mail({ to }))).toBe(1);
    expect(starttls.arrived).toMatchObject([{ to: ["olive@kestrel.example"] }]);
  });

  it("cannot be bent by what its subject holds", async () => {
    await sendMail(at(starttls), mail({ subject: "Backups\r\nBcc: thief@evil.example" }));
    expect(starttls.arrived[0]!.to).toEqual(["olive@kestrel.example"]);
    expect(starttls.arrived[0]!.text).not.toMatch(/^Bcc:/m);
  });
});
