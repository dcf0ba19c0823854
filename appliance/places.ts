import type { Service } from "./services.ts";

/** The folders of `init` and `certs`, each a volume of its own unless it says otherwise. */
export const places = {
  /** Every secret of the installation. Only `init` opens it. */
  vault: "/vault",
  /** The built-in authority's key. Only `init` and `certs` open it. */
  authority: "/authority/authority.pem",
  /** One folder a service, which that service alone sees, as /run/fleethold. */
  handover: (service: Service) => `/handover/${service}`,
  /** The folder tls/ beside compose.yaml: the company's own certificate. */
  own: { chain: "/own/cert.pem", key: "/own/key.pem" },
  /** What the ACME client was issued. */
  acme: { chain: "/acme/cert.pem", key: "/acme/key.pem" },
  /** The folder credentials/ beside compose.yaml: what others gave the operator for services of theirs. */
  credentials: "/credentials",
  /** The folder ca/ beside compose.yaml: the company's authorities. */
  trusted: "/ca",
};
