import type { Client } from "./session.ts";

/** What happened to somebody's account, in words for its owner. */
const occasions = {
  "new-device": {
    subject: "sign-in on a new device",
    what: "Somebody signed in to your account on a device that has not been used for it before.",
  },
  "password-changed": { subject: "password changed", what: "The password of your account was changed." },
  "password-added": {
    subject: "password added",
    what: "Your account, which had none, was given a password and an authenticator app.",
  },
  "totp-changed": {
    subject: "new authenticator app",
    what: "A new authenticator app was set up for your account; the old one's codes work no longer.",
  },
  "passkey-added": { subject: "passkey added", what: "A passkey was added to your account." },
  "passkey-removed": { subject: "passkey removed", what: "A passkey of your account was removed." },
  "sso-connected": {
    subject: "company sign-in connected",
    what: "Your account can be opened by a sign-in of your company's from now on, which was connected to it.",
  },
  "sso-disconnected": {
    subject: "company sign-in removed",
    what: "A sign-in of your company's that opened your account was removed from it.",
  },
  "recovery-code-used": {
    subject: "recovery code used",
    what: "A recovery code of your account was used in the place of a second factor.",
  },
  "recovery-codes-issued": {
    subject: "new recovery codes",
    what: "New recovery codes were made for your account; the old ones work no longer.",
  },
  "recovery-asked": {
    subject: "a new start was asked for",
    what:
      "An administrator has asked for a link by which your account gets a new password and authenticator app. " +
      "Once a second one asks for it too, whoever opens that link is you to us.",
  },
  elevated: {
    subject: "another role for a time",
    what: "Another role, which was asked for from your account, was granted to it for a time.",
  },
  "factors-replaced": {
    subject: "everything you sign in with was replaced",
    what:
      "A link that an administrator made was used to choose anew what opens your account; what opened it before works " +
      "no longer.",
  },
} as const;
export type Occasion = keyof typeof occasions;

interface Facts {
  name: string;
  company: string;
  at: Date;
  timeZone: string;
  /** The device it was done on, as far as it is known. */
  client: Client | null;
  url: string;
}

/** A notice as a mail: subject and text. It asks for nothing and has no link that signs anybody in. */
export function mailOf(occasion: Occasion, facts: Facts): { subject: string; text: string } {
  const { subject, what } = occasions[occasion];
  const when = new Intl.DateTimeFormat("en-GB", {
    dateStyle: "full",
    timeStyle: "short",
    timeZone: facts.timeZone,
  }).format(facts.at);
  const where = facts.client === null
    ? ""
    : `\nDevice: ${facts.client.device}${facts.client.address ? `, from ${facts.client.address}` : ""}`;
  const text = [
    `Hello ${facts.name},`,
    `${what}\n\nWhen: ${when} (${facts.timeZone})${where}`,
    "If that was you, there is nothing to do.",
    "If it was not: sign in, choose “Sign out everywhere” on the page of your account, change your password, and " +
    `tell whoever administers Fleethold at ${facts.company}.\n\n${facts.url}/account`,
    "This mail was sent by your company's own installation. It is sent for every such change and cannot be answered.",
  ].join("\n\n");
  return { subject: `Your account at ${facts.company}: ${subject}`, text: `${text}\n` };
}
