import { createServer as createPlainServer, type RequestListener, type Server } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { Authority } from "../../appliance/authority.ts";

/** Servers as an identity provider may be one, with certificates of an authority that ends with the tests. */
export class Providers {
  readonly #servers: Server[] = [];

  private constructor(private readonly authority: Authority, readonly pem: string) {}

  static async open(): Promise<Providers> {
    const { chain, key } = await Authority.create("the tests");
    return new Providers(await Authority.open({ chain, key }), chain);
  }

  /** Answers by TLS as one of these hosts and says at which port. */
  async answer(
    hosts: readonly [string, ...string[]],
    act: RequestListener,
    { lifetimeS = 3600, address = "127.0.0.1" } = {},
  ): Promise<number> {
    const { chain, key } = await this.authority.issue(hosts, lifetimeS);
    return await this.#listen(createServer({ cert: chain, key }, act), address);
  }

  /** Answers without TLS. */
  answerPlain(act: RequestListener): Promise<number> {
    return this.#listen(createPlainServer(act), "127.0.0.1");
  }

  async #listen(server: Server, address: string): Promise<number> {
    this.#servers.push(server);
    server.on("clientError", (_, socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, address, resolve));
    return (server.address() as AddressInfo).port;
  }

  close(): void {
    for (const server of this.#servers) {
      server.closeAllConnections();
      server.close();
    }
  }
}
