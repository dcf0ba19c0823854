import { z } from "zod";

export const NewDirectoryKey = z.object({
  /** How long it is good. */
  days: z.int().min(1).max(366).default(366),
});

/** The key by which a provider sends people and groups; its token is shown once. */
export const DirectoryKey = z.object({
  start: z.string(),
  createdAt: z.string(),
  expiresAt: z.string(),
  lastUsedAt: z.string().nullable(),
});
export type DirectoryKey = z.infer<typeof DirectoryKey>;

/** What a company's directory has sent so far. */
export const Directory = z.object({
  /** Where it is sent to. */
  address: z.string(),
  key: DirectoryKey.nullable(),
  users: z.int(),
  /** Those whose groups give them a role. */
  withAccount: z.int(),
  groups: z.array(z.object({ name: z.string(), members: z.int(), mapped: z.boolean() })),
});
export type Directory = z.infer<typeof Directory>;

export const ShownDirectoryKey = z.object({ key: DirectoryKey, token: z.string() });
