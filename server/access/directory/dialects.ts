/**
 * What directories write otherwise than RFC 7644 has it. Entra ID sends truths as words (`"False"`) and operations in
 * capitals; Okta sends a replacement without a path. What is sent well passes as it is.
 */
export function asSent(sent: unknown): { schemas: []; Operations: [] } {
  if (!sent || typeof sent !== "object") return sent as never;
  const { Operations: given, ...rest } = sent as { Operations?: unknown };
  if (!Array.isArray(given)) return sent as never;
  return { ...rest, Operations: given.map(operation) } as never;
}

function operation(given: unknown): unknown {
  if (!given || typeof given !== "object") return given;
  const { op, path, value } = given as { op?: unknown; path?: unknown; value?: unknown };
  const name = typeof op === "string" ? op.toLowerCase() : op;
  const isTruth = typeof path === "string" && /^(urn:[^ ]+:)?active$/i.test(path);
  return {
    op: name,
    ...(path !== undefined && { path }),
    ...(value !== undefined && { value: isTruth ? truth(value) : truths(value) }),
  };
}

/** The one truth among what is kept of somebody, where several things are set at once. */
function truths(value: unknown): unknown {
  if (!value || typeof value !== "object" || Array.isArray(value) || !Object.hasOwn(value, "active")) {
    return value;
  }
  return { ...value, active: truth((value as { active: unknown }).active) };
}

function truth(value: unknown): unknown {
  const word = typeof value === "string" ? value.toLowerCase() : value;
  return word === "true" ? true : word === "false" ? false : value;
}
