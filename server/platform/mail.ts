import { connect, type Socket } from "node:net";
import { createTransport } from "nodemailer";
import type { Config } from "./config.ts";

/** The server that takes our mail, and how it is spoken to. */
export interface MailServer {
  hostname: string;
  port: number;
  /** `starttls` begins in the clear and goes on only encrypted; `none` is for a server on this machine. */
  tls: "starttls" | "tls" | "none";
  signIn: { user: string; password: string } | null;
  /** Path of a PEM file with the authority that certified the server; null: one of the public ones. */
  authority: string | null;
}

/** The mail server that is set up, if one is. */
export function mailServerOf(config: Config): MailServer | null {
  if (!config.FLEETHOLD_SMTP || !config.FLEETHOLD_MAIL_FROM) return null;
  return {
    ...config.FLEETHOLD_SMTP,
    tls: config.FLEETHOLD_SMTP_TLS ?? "starttls",
    signIn: config.FLEETHOLD_SMTP_USER === undefined
      ? null
      : { user: config.FLEETHOLD_SMTP_USER, password: config.FLEETHOLD_SMTP_PASSWORD! },
    authority: config.FLEETHOLD_SMTP_AUTHORITY ?? null,
  };
}

export interface Mail {
  /** The same for each attempt, so that whoever gets it twice can tell. */
  id: string;
  from: string;
  to: readonly string[];
  subject: string;
  text: string;
}

/** Why a mail was not taken. */
export type MailFault = "unreachable" | "certificate" | "sign-in" | "refused" | "too-slow";

/**
 * The server did not take a mail. `code` is the fault, with the server's status behind it where it gave one
 * (`refused-550`); what it said besides can quote addresses.
 */
export class MailFailed extends Error {
  override name = "MailFailed";
  readonly code: string;

  constructor(fault: MailFault, status: number | null) {
    const code = status === null ? fault : `${fault}-${status}`;
    super(`The mail was not taken: ${code}`);
    this.code = code;
  }
}

const CONNECT_MS = 10_000;
const SILENCE_MS = 15_000;
const WHOLE_MS = 40_000;

/**
 * Hands a mail to the server. It is sent once the server has taken it for at least one of those it is for.
 * @returns how many of them the server refused
 * @throws MailFailed
 */
export async function sendMail(server: MailServer, mail: Mail): Promise<number> {
  const { hostname, port, tls, signIn, authority } = server;
  try {
    const transport = createTransport({
      host: hostname,
      port,
      secure: tls === "tls",
      // Without it a server, or somebody between, that offers no TLS would be sent the password in the clear.
      requireTLS: tls === "starttls",
      ignoreTLS: tls === "none",
      tls: {
        minVersion: "TLSv1.2",
        ...(authority !== null && { ca: Deno.readTextFileSync(authority) }),
      },
      // A server that says nothing of signing in is asked to all the same, rather than sent mail without.
      ...(signIn && { auth: { user: signIn.user, pass: signIn.password }, forceAuth: true }),
      connectionTimeout: CONNECT_MS,
      greetingTimeout: CONNECT_MS,
      socketTimeout: SILENCE_MS,
      disableFileAccess: true,
      disableUrlAccess: true,
      // By name: the library would look the address up itself, and this process may reach the host by its name only.
      getSocket: (_: unknown, opened: (error: Error | null, socket?: { connection: Socket }) => void) => {
        const socket = connect({ host: hostname.replace(/^\[(.*)\]$/, "$1"), port });
        // What goes wrong once the mail is out of our hands concerns nobody, and must not end the process.
        socket.on("error", () => {});
        socket.setTimeout(
          CONNECT_MS,
          () => socket.destroy(Object.assign(new Error(), { code: "ETIMEDOUT" })),
        );
        socket.once("error", opened);
        socket.once("connect", () => {
          socket.removeListener("error", opened);
          socket.setTimeout(0);
          opened(null, { connection: socket });
        });
      },
    });
    const { rejected } = await transport.sendMail({
      messageId: `<${mail.id}@${mail.from.split("@").at(-1)}>`,
      from: mail.from,
      to: [...mail.to],
      subject: mail.subject,
      text: mail.text,
      // RFC 3834: no absence notes, please.
      headers: { "Auto-Submitted": "auto-generated" },
      xMailer: false,
      signal: AbortSignal.timeout(WHOLE_MS),
    });
    return rejected.length;
  } catch (error) {
    throw new MailFailed(faultOf(error), (error as { responseCode?: number }).responseCode ?? null);
  }
}

function faultOf(error: unknown): MailFault {
  const { code = "", message = "" } = error as { code?: string; message?: string };
  if (code === "EAUTH" || code === "ENOAUTH") return "sign-in";
  if (code === "EENVELOPE" || code === "EMESSAGE" || code === "EPROTOCOL") return "refused";
  if (code === "ETIMEDOUT" || code === "EABORT") return "too-slow";
  // The library has one code for whatever ends a connection; a certificate says so in words only.
  if (code === "ETLS" || /certificate|UnknownIssuer|NotValidForName/i.test(message)) return "certificate";
  return "unreachable";
}
