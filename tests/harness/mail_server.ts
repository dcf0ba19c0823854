import { SMTPServer } from "smtp-server";
import { Authority } from "../../appliance/authority.ts";
import { freePorts } from "../../scripts/embedded/ports.ts";

/** A mail as it arrived. */
export interface Arrived {
  to: string[];
  isEncrypted: boolean;
  user: string | undefined;
  text: string;
}

interface Options {
  /** TLS from the first byte on, rather than STARTTLS. */
  secure?: boolean;
  /** Whom its certificate names. */
  host?: string;
  /** Whether it offers STARTTLS at all. */
  hidesTls?: boolean;
}

/** A real SMTP server with a certificate of an authority of its own, on a port that stays the same. */
export class TestMailServer {
  readonly port = freePorts(1)[0]!;
  readonly arrived: Arrived[] = [];
  /** Addresses it does not take. */
  readonly unknown = new Set<string>();
  #server: SMTPServer | undefined;

  private constructor(
    /** Path of the authority's certificate. */
    readonly authority: string,
    private readonly issued: { chain: string; key: string },
    private readonly options: Options,
  ) {}

  static async start(options: Options = {}): Promise<TestMailServer> {
    const authority = await Authority.create("mail.example");
    const issued = await (await Authority.open(authority)).issue([options.host ?? "localhost"], 3_600);
    const path = await Deno.makeTempFile({ prefix: "fleethold-mail-", suffix: ".pem" });
    await Deno.writeTextFile(path, authority.chain);
    const server = new TestMailServer(path, issued, options);
    await server.begin();
    return server;
  }

  async begin(): Promise<void> {
    const { secure = false, hidesTls = false } = this.options;
    const server = new SMTPServer({
      key: this.issued.key,
      cert: this.issued.chain,
      secure,
      authOptional: true,
      ...(hidesTls && { disabledCommands: ["STARTTLS"], allowInsecureAuth: true }),
      onAuth: ({ username, password }, _, done) =>
        password === "opensesame" ? done(null, { user: username }) : done(new Error("wrong")),
      onRcptTo: ({ address }, _, done) =>
        this.unknown.has(address)
          ? done(Object.assign(new Error("nobody here"), { responseCode: 550 }))
          : done(),
      onData: (stream, session, done) => {
        const chunks: Uint8Array[] = [];
        stream.on("data", (chunk: Uint8Array) => chunks.push(chunk));
        stream.on("end", () => {
          this.arrived.push({
            to: session.envelope.rcptTo.map(({ address }) => address),
            isEncrypted: session.secure,
            user: session.user as string | undefined,
            text: chunks.map((chunk) => new TextDecoder().decode(chunk)).join(""),
          });
          done();
        });
      },
    });
    // A client that does not trust it hangs up in the middle of a handshake.
    server.on("error", () => {});
    await new Promise<void>((resolve) => server.listen(this.port, "127.0.0.1", resolve));
    this.#server = server;
  }

  async end(): Promise<void> {
    await new Promise<void>((resolve) => this.#server ? this.#server.close(resolve) : resolve());
    this.#server = undefined;
  }
}
