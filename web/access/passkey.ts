import {
  browserSupportsWebAuthn,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  startAuthentication,
  startRegistration,
} from "@simplewebauthn/browser";
import { queryOptions } from "@tanstack/react-query";
import type { Me, Passkey, PasskeyChallenge, PasskeyEnrolment } from "../../server/access/schema.ts";
import { api, ApiProblem, type CallOptions } from "../api.ts";

/** The reader's own passkeys. */
export const passkeysQuery = queryOptions({
  queryKey: ["passkeys"],
  queryFn: async () => (await api.get<{ items: Passkey[] }>("/passkeys")).items,
});

/**
 * Whether passkeys can work on this page: the browser has them, and the address is a name. `browser` or `address` says
 * what is missing.
 */
export function missingForPasskeys(): "browser" | "address" | null {
  if (/^[\d.]+$|^\[/.test(location.hostname)) return "address";
  return browserSupportsWebAuthn() ? null : "browser";
}

/** Makes a passkey in the browser's own dialog and keeps it. Rejects with an {@link ApiProblem}, as all of these. */
export const makePasskey = (name: string) => make<Passkey>("/passkeys", name);

/** Accepts an invitation with a new passkey, which signs in. */
export const acceptByPasskey = (name: string, authorization: string) =>
  make<Me>("/invitation/passkey", name, { authorization });

async function make<T>(path: string, name: string, call: CallOptions = {}): Promise<T> {
  const { options, ticket } = await api.post<PasskeyEnrolment>(`${path}/challenge`, undefined, call);
  const made = await inTheirWords(() =>
    startRegistration({ optionsJSON: options as unknown as PublicKeyCredentialCreationOptionsJSON })
  );
  const {
    id,
    rawId,
    type,
    clientExtensionResults,
    response: { clientDataJSON, attestationObject, transports },
  } = made;
  const response = {
    id,
    rawId,
    type,
    clientExtensionResults,
    response: { clientDataJSON, attestationObject, transports },
  };
  return await api.post<T>(path, { ticket, name, response }, call);
}

/** Signs in with a passkey. */
export const signInByPasskey = () => answer<Me>("/session/passkey/challenge", "/session/passkey");

/** Proves with a passkey that it is still the same person. */
export const proveByPasskey = () => answer<void>("/session/proof/challenge", "/session/proof/passkey");

async function answer<T>(challenge: string, path: string): Promise<T> {
  const { options, ticket } = await api.post<PasskeyChallenge>(challenge);
  const { id, rawId, type, clientExtensionResults, response } = await inTheirWords(() =>
    startAuthentication({ optionsJSON: options as unknown as PublicKeyCredentialRequestOptionsJSON })
  );
  const { clientDataJSON, authenticatorData, signature, userHandle } = response;
  return await api.post<T>(path, {
    ticket,
    response: {
      id,
      rawId,
      type,
      clientExtensionResults,
      response: { clientDataJSON, authenticatorData, signature, userHandle },
    },
  });
}

/** A browser says in one error that a dialog was closed, ran out, or found nothing: for privacy, it does not say which. */
async function inTheirWords<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (fault) {
    const name = fault instanceof Error ? fault.name : "";
    const slug = name === "NotAllowedError" || name === "AbortError"
      ? "passkey-closed"
      : name === "InvalidStateError"
      ? "passkey-known"
      : "passkey-failed";
    throw new ApiProblem({ title: slug, slug });
  }
}
