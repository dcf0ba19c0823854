/**
 * The address to return to after the sign-in, if it is one of ours: an address of somebody else's would turn the
 * sign-in page into their door (ASVS 5.0 V3.7.2). `//host` and `/\host` are other people's as well.
 */
export const ownAddress = (back: unknown): string | undefined =>
  typeof back === "string" && /^\/(?![/\\])/.test(back) ? back : undefined;
