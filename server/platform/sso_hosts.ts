import { z } from "zod";

/** A host that may be asked, as it stands in a URL: IPv6 in brackets, names of other alphabets in Punycode. */
export interface ListedHost {
  host: string;
  /** Null is any port, which no operator can say: a host runs more than an identity provider. */
  port: number | null;
}

/** The URL parser lets `*` pass, which stands for nothing here. */
const HOST = /^(\[[\da-f:]+\]|[a-z\d_]([a-z\d._-]*[a-z\d])?)$/;

/** `FLEETHOLD_SSO_HOSTS`: hosts with commas between them, each with its port unless that is 443. */
export const SsoHosts = z.string().transform((text, context) => {
  const listed: ListedHost[] = [];
  for (const one of text.split(",").map((part) => part.trim()).filter((part) => part !== "")) {
    const url = /^[^\s/\\?#@]+$/.test(one) ? URL.parse(`https://${one}`) : null;
    if (url && HOST.test(url.hostname)) listed.push({ host: url.hostname, port: Number(url.port || 443) });
    else context.addIssue("must be hosts with commas between them, such as sso.example.org, 10.0.0.5:8443");
  }
  if (listed.length === 0 && context.issues.length === 0) {
    context.addIssue("must name a host, or be left out");
  }
  return listed;
});
