import { cookieName } from "../../../server/access/session.ts";
import type { NewProvider, Provider } from "../../../server/access/sso/schema.ts";
import { type Answer, type Caller, type Company, origin } from "../../harness/app.ts";
import type { MisbehavingProvider } from "../../harness/misbehaving_provider.ts";
import { cookiesOf } from "../person.ts";

/** What came of a trip to the provider and back. */
export interface Arrival {
  /** Where the browser was sent: a path of ours. */
  location: string;
  /** Why, if it was refused. */
  refused: string | null;
  /** The session's cookie, if one was given. */
  cookie: string | null;
  /** Every cookie the browser holds afterwards. */
  cookies: string;
  answer: Answer;
}

/** A company's sign-in by a provider of the tests, set up by its owner. */
export class CompanySignIn {
  private constructor(
    readonly company: Company,
    readonly op: MisbehavingProvider,
    readonly owner: Caller,
    public provider: Provider,
  ) {}

  static async setUp(
    company: Company,
    op: MisbehavingProvider,
    { settings, ...given }: Partial<Omit<NewProvider, "settings">> & {
      settings?: Partial<NewProvider["settings"]>;
    } = {},
  ): Promise<CompanySignIn> {
    const owner = await company.as("owner");
    const made = await owner.post("/api/sso/providers", {
      slug: "kestrel",
      name: "Kestrel sign-in",
      issuer: op.issuer,
      clientId: op.clientId,
      clientSecret: op.clientSecret,
      enabled: true,
      ...given,
      settings: {
        groupClaim: "groups",
        mappings: [{ group: "dispatch", role: "dispatcher", siteIds: [company.here] }],
        justInTime: true,
        ...settings,
      },
    });
    if (made.status !== 201) throw new Error(JSON.stringify(made.body));
    return new CompanySignIn(company, op, owner, made.body);
  }

  /** Changes how the provider is set up, as its owner. */
  async edit(
    settings: Partial<NewProvider["settings"]>,
    more: Record<string, unknown> = {},
  ): Promise<Answer> {
    const answer = await this.owner.patch(`/api/sso/providers/${this.provider.id}`, {
      settings: { ...this.provider.settings, ...settings },
      ...more,
    }, { "If-Match": `"${this.provider.version}"` });
    if (answer.status === 200) this.provider = answer.body;
    return answer;
  }

  /** Goes to the provider and comes back, as a browser with these cookies does. */
  async trip(
    path = `/api/sso/${this.provider.slug}/start`,
    { cookies = "", body = {} as unknown, headers = {} as Record<string, string> } = {},
  ): Promise<Arrival> {
    const begun = await this.begin(path, { cookies, body, headers });
    if (begun.status !== 200) throw new Error(`${begun.status} ${JSON.stringify(begun.body)}`);
    return await this.arrive(await this.op.authorise(begun.body.location), join(cookies, cookiesOf(begun)));
  }

  begin(path: string, { cookies = "", body = {} as unknown, headers = {} as Record<string, string> } = {}) {
    const caller = this.company.caller({ ...(cookies && { cookie: cookies }), ...headers });
    return caller.post(path, path.endsWith("/start") ? body : undefined);
  }

  /** Brings the provider's answer back to us. */
  async arrive(url: URL, cookies: string): Promise<Arrival> {
    const answer = await this.company.caller({ cookie: cookies, "Sec-Fetch-Site": "cross-site" })
      .get(url.href.slice(origin.length));
    return arrivalOf(this.company, answer, cookies);
  }
}

export function arrivalOf(company: Company, answer: Answer, cookies: string): Arrival {
  const location = answer.headers.get("location") ?? `(${answer.status})`;
  const name = cookieName(company.services.config);
  const given = answer.headers.getSetCookie().find((cookie) => cookie.startsWith(`${name}=`))?.split(";")[0];
  return {
    location,
    refused: new URL(location, origin).searchParams.get("refused"),
    cookie: given ?? null,
    cookies: join(cookies, cookiesOf(answer)),
    answer,
  };
}

/** A browser's cookies with newer ones in their place. */
export function join(had: string, given: string): string {
  const all = new Map(
    [had, given].flatMap((cookies) => cookies.split("; ").filter(Boolean))
      .map((cookie) => [cookie.slice(0, cookie.indexOf("=")), cookie]),
  );
  return [...all.values()].filter((cookie) => !cookie.endsWith("=")).join("; ");
}
