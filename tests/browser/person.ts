import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, BrowserContextOptions, ConsoleMessage, Page } from "playwright-core";
import { Authenticator } from "./authenticator.ts";

const phone = { width: 390, height: 844 };

const devices = {
  desk: { viewport: { width: 1440, height: 900 } },
  phone: { viewport: phone, hasTouch: true, isMobile: true },
} satisfies Record<string, BrowserContextOptions>;

const password = "seven lanterns over the quay";

/**
 * Somebody with a browser of their own. Whatever a careful visitor would complain of is kept in `complaints`: errors in
 * the console (a broken Content-Security-Policy among them), requests to other hosts, and what axe finds.
 */
export class Person {
  readonly complaints: string[] = [];
  #authenticator: Authenticator | undefined;

  private constructor(readonly page: Page, readonly email: string, private readonly home: string) {}

  /** Opens a browser window that shares nothing with the others. */
  static async at(device: keyof typeof devices, browser: Browser, home: string, email = ""): Promise<Person> {
    const context = await browser.newContext({
      ...devices[device],
      baseURL: home,
      locale: "en-GB",
      timezoneId: "Europe/Berlin",
      reducedMotion: "reduce",
    });
    context.setDefaultTimeout(15_000);
    const person = new Person(await context.newPage(), email, home);
    context.on("request", (request) => {
      const { origin, protocol } = new URL(request.url());
      if (origin === home || protocol === "data:" || protocol === "blob:") return;
      person.complaints.push(`asked ${origin} for something`);
    });
    context.on("console", (message) => {
      if (message.type() === "error" && !isExpected(message)) person.complaints.push(message.text());
    });
    context.on("weberror", (fault) => person.complaints.push(String(fault.error())));
    return person;
  }

  /** The same person at a second browser. */
  async alsoAt(device: keyof typeof devices): Promise<Person> {
    const other = await Person.at(device, this.page.context().browser()!, this.home, this.email);
    other.#authenticator = this.#authenticator;
    return other;
  }

  /** Has a device that makes passkeys and always says yes. */
  async hasPasskeys(): Promise<void> {
    const devtools = await this.page.context().newCDPSession(this.page);
    await devtools.send("WebAuthn.enable");
    await devtools.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
  }

  async opens(path: string): Promise<void> {
    await this.page.goto(path);
  }

  /** Goes to a page by the navigation. */
  async goesTo(name: string): Promise<void> {
    await this.page.getByRole("navigation", { name: "Main" }).getByRole("link", { name, exact: true })
      .click();
    await this.reads(name);
  }

  /** Waits for the page's or dialog's heading. */
  async reads(heading: string | RegExp): Promise<void> {
    await this.page.getByRole("heading", { name: heading }).first().waitFor();
  }

  /** Waits for words anywhere in the page. */
  async sees(words: string | RegExp): Promise<void> {
    await this.page.getByText(words).first().waitFor();
  }

  async presses(name: string | RegExp): Promise<void> {
    await this.page.getByRole("button", { name, exact: typeof name === "string" }).last().click();
  }

  async types(label: string, text: string): Promise<void> {
    await this.page.getByLabel(label, { exact: true }).fill(text);
  }

  /** Chooses a password, scans the secret, and types the code the authenticator then shows. */
  async choosesPassword(label: "Password" | "New password"): Promise<void> {
    await this.types(label, password);
    await this.presses("Next");
    const secret = await this.page.getByText(/^[A-Z2-7]{32}$/).textContent();
    this.#authenticator = new Authenticator(secret!);
    await this.types("Code from your authenticator app", await this.#authenticator.code());
  }

  /** Says that the recovery codes are kept, and answers them. */
  async keepsRecoveryCodes(): Promise<string[]> {
    await this.reads("Your recovery codes");
    const codes = await this.page.getByRole("listitem").filter({ hasText: /^\w+-[\w-]+$/ }).allTextContents();
    await this.page.getByLabel("I have kept them in a safe place").check();
    await this.presses("Continue");
    return codes;
  }

  /** Opens an invitation and makes the account one's own. */
  async acceptsInvitation(link: string, company: string): Promise<void> {
    await this.opens(link);
    await this.reads(`Welcome to ${company}`);
    await this.inspects();
    await this.choosesPassword("New password");
    await this.presses("Accept the invitation");
    await this.keepsRecoveryCodes();
  }

  async signsIn(): Promise<void> {
    await this.opens("/sign-in");
    await this.inspects();
    await this.types("E-mail", this.email);
    await this.types("Password", password);
    await this.presses("Continue");
    await this.types("Code from your authenticator app", await this.#authenticator!.code());
    await this.inspects();
    await this.presses("Sign in");
  }

  /** Looks at what is shown, in light and dark and, for whole pages, on a phone as well. */
  async inspects({ onPhoneToo = false } = {}): Promise<void> {
    await this.#inspectsColours();
    if (!onPhoneToo) return;
    await this.page.setViewportSize(phone);
    await this.#inspectsColours();
    const width = await this.page.evaluate(() => document.documentElement.scrollWidth);
    if (width > phone.width) {
      this.complaints.push(`${new URL(this.page.url()).pathname} is ${width} px wide on a phone`);
    }
    await this.page.setViewportSize(devices.desk.viewport);
  }

  async #inspectsColours(): Promise<void> {
    for (const colorScheme of ["dark", "light"] as const) {
      await this.page.emulateMedia({ colorScheme });
      await this.page.evaluate(settled);
      // The browser draws options itself, and six hundred time zones would take axe a while.
      const axe = new AxeBuilder({ page: this.page }).setLegacyMode().exclude("option");
      // Nothing but its colours differs in the dark.
      if (colorScheme === "dark") axe.withRules("color-contrast");
      const { violations } = await axe.analyze();
      const { pathname } = new URL(this.page.url());
      const { width } = this.page.viewportSize()!;
      for (const { id, help, nodes } of violations) {
        const where = nodes.slice(0, 3).map(({ target, failureSummary }) => `${target}: ${failureSummary}`);
        this.complaints.push(`${pathname}, ${width} px, ${colorScheme}: ${id}: ${help}\n${where.join("\n")}`);
      }
    }
  }
}

/** Chromium reports every answer above 399, and the first question of a page is whether anybody is signed in. */
const isExpected = (message: ConsoleMessage) =>
  /status of 401/.test(message.text()) && new URL(message.location().url).pathname.startsWith("/api/");

/** In the page: waits until what is loading is there and nothing fades in or out any more, for 3 s at most. */
async function settled(): Promise<void> {
  const isMoving = ({ playState, effect }: Animation) =>
    playState === "running" && effect?.getComputedTiming().endTime !== Infinity;
  const isBusy = () =>
    document.querySelector("[aria-busy=true]") !== null || document.getAnimations().some(isMoving);
  const patience = AbortSignal.timeout(3_000);
  while (isBusy() && !patience.aborted) await new Promise((resolve) => setTimeout(resolve, 50));
}
