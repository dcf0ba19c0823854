/**
 * The one-time token of a set-up or invitation link. It stands in the fragment, which browsers send to nobody, and
 * stays in the address bar until it has been used, so that a reload loses nothing.
 */
export function linkToken(): string | null {
  const token = location.hash.slice(1);
  return token === "" ? null : token;
}
