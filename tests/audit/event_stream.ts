import { type Caller, type Company, origin } from "../harness/app.ts";

export interface ServerEvent {
  event: string;
  // deno-lint-ignore no-explicit-any -- tests look into whatever was sent
  data: any;
}

/** A browser's end of a stream of server-sent events, as far as the tests need it (WHATWG HTML, 9.2.6). */
export class EventStream {
  /** What a browser would send as Last-Event-ID when it comes back. */
  lastEventId = "";
  ended = false;
  readonly events: ServerEvent[] = [];
  #news = Promise.withResolvers<void>();

  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(response: Response) {
    if (response.status !== 200) throw new Error(`The stream answered ${response.status}`);
    this.#reader = response.body!.getReader();
    // A connection that is cut is, to a browser, one that ended.
    void this.#read().catch(() => this.#tell(true));
  }

  /** Opens a stream and waits until it tells where it stands. */
  static async open(
    company: Company,
    caller: Caller,
    lastEventId?: string,
    after?: string,
  ): Promise<EventStream> {
    const stream = new EventStream(await EventStream.ask(company, caller, lastEventId, after));
    await stream.until(() => stream.lastEventId !== "");
    return stream;
  }

  static async ask(
    company: Company,
    caller: Caller,
    lastEventId?: string,
    after?: string,
  ): Promise<Response> {
    return await company.app.request(`${origin}/api/live${after === undefined ? "" : `?after=${after}`}`, {
      headers: { cookie: caller.cookie, ...(lastEventId !== undefined && { "Last-Event-ID": lastEventId }) },
    });
  }

  /** The ids of a kind heard so far. */
  ids(kind: string): string[] {
    return this.events.filter(({ data }) => data.kind === kind).flatMap(({ data }) => data.ids);
  }

  /** Waits until something is so, at most 5 s. */
  async until(isSo: () => boolean): Promise<void> {
    const late = setTimeout(
      () => this.#news.reject(new Error("The stream said nothing of it for 5 s")),
      5_000,
    );
    try {
      while (!isSo()) await this.#news.promise;
    } finally {
      clearTimeout(late);
    }
  }

  async close(): Promise<void> {
    await this.#reader.cancel();
  }

  async #read(): Promise<void> {
    let text = "";
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await this.#reader.read();
      text += decoder.decode(value, { stream: true });
      const blocks = text.split("\n\n");
      text = blocks.pop()!;
      for (const block of blocks) this.#take(block);
      this.#tell(done);
      if (done) return;
    }
  }

  #tell(ended: boolean): void {
    this.ended = ended;
    const { resolve } = this.#news;
    this.#news = Promise.withResolvers();
    this.#news.promise.catch(() => {});
    resolve();
  }

  #take(block: string): void {
    const fields = new Map(block.split("\n").map((row) => row.split(/: ?(.*)/s) as [string, string]));
    this.lastEventId = fields.get("id") ?? this.lastEventId;
    const data = fields.get("data");
    if (data) this.events.push({ event: fields.get("event") ?? "message", data: JSON.parse(data) });
  }
}
