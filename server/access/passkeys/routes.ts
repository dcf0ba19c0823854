import { Hono } from "hono";
import { z } from "zod";
import { answers, body, params } from "../../platform/http.ts";
import { Id } from "../../platform/schema.ts";
import { type AppEnv, fresh, may } from "../may.ts";
import { readMe } from "../me.ts";
import { addOwnPasskey, beginPasskey, listPasskeys, own, removePasskey, renamePasskey } from "./passkey.ts";
import { NewPasskey, Passkey, PasskeyEdit, PasskeyEnrolment, Passkeys } from "../schema.ts";

const onePasskey = params("passkey", z.object({ id: Id }));

/** `/api/passkeys`: one's own. A stolen session must not gain a key of its own, so making one asks for a fresh proof. */
export const passkeyRoutes = new Hono<AppEnv>()
  .get(
    "/",
    may("own-session"),
    answers(200, Passkeys, "Lists your passkeys"),
    async (c) => c.json({ items: await listPasskeys(c.var.reader) }),
  )
  .post(
    "/challenge",
    may("own-session"),
    fresh(),
    answers(200, PasskeyEnrolment, "Makes a challenge for a new passkey"),
    async (c) => {
      const { name, email, company } = await readMe(c.var.reader);
      const person = { name: name ?? "", email: email ?? "", company: company.name };
      return c.json(await beginPasskey(c.var.reader, own(c.var.reader), person));
    },
  )
  .post(
    "/",
    may("own-session"),
    fresh(),
    body(NewPasskey),
    answers(201, Passkey, "Keeps a new passkey"),
    async (c) => c.json(await c.var.change((change) => addOwnPasskey(change, c.req.valid("json"))), 201),
  )
  .patch(
    "/:id",
    may("own-session"),
    onePasskey,
    body(PasskeyEdit),
    answers(200, Passkey, "Renames a passkey"),
    async (c) =>
      c.json(
        await c.var.change((change) =>
          renamePasskey(change, c.req.valid("param").id, c.req.valid("json").name)
        ),
      ),
  )
  .delete(
    "/:id",
    may("own-session"),
    fresh(),
    onePasskey,
    answers(204, null, "Removes a passkey; your other sessions end"),
    async (c) => {
      await c.var.change((change) => removePasskey(change, c.req.valid("param").id));
      return c.body(null, 204);
    },
  );
