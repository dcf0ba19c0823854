const html = "text/html; charset=utf-8";

/** Back to the relying party, with these in the query. */
export function redirected(uri: string, fields: Record<string, string>): Response {
  const location = new URL(uri);
  for (const [name, value] of Object.entries(fields)) location.searchParams.set(name, value);
  return new Response(null, { status: 302, headers: { location: location.href } });
}

/** OAuth 2.0 Form Post Response Mode, as AD FS answers when it is asked to. */
export function autoSubmitted(action: string, fields: Record<string, string>): Response {
  const inputs = Object.entries(fields).map(([name, value]) =>
    `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`
  );
  return page(
    `<body onload="document.forms[0].submit()"><form method="post" action="${escaped(action)}">${
      inputs.join("")
    }</form></body>`,
  );
}

/** An HTML page. */
export function page(body: string, status = 200): Response {
  return new Response(`<!doctype html>${body}`, { status, headers: { "content-type": html } });
}

/** An OAuth error (RFC 6749, 5.2). */
export function refusal(error: string, status = 400, headers: Record<string, string> = {}): Response {
  return Response.json({ error, error_description: `The provider says ${error}` }, { status, headers });
}

/** The start of a JSON document, and a space a second until the provider stops or the caller hangs up. */
export function endless(stopped: AbortSignal): ReadableStream<Uint8Array> {
  let end = () => {};
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode("{"));
      const timer = setInterval(() => controller.enqueue(new TextEncoder().encode(" ")), 1_000);
      const stop = () => {
        end();
        controller.close();
      };
      end = () => {
        clearInterval(timer);
        stopped.removeEventListener("abort", stop);
      };
      stopped.addEventListener("abort", stop);
    },
    cancel: () => end(),
  });
}

/** The same JSON object after this many spaces: right, if anybody reads that far. */
export function padded(json: string, bytes: number): ReadableStream<Uint8Array> {
  const piece = new TextEncoder().encode(" ".repeat(64 * 1024));
  let left = bytes;
  return new ReadableStream({
    pull(controller) {
      if (left > 0) {
        controller.enqueue(piece);
        left -= piece.length;
      } else {
        controller.enqueue(new TextEncoder().encode(json));
        controller.close();
      }
    },
  });
}

/** Text as it stands in HTML. */
export const escaped = (text: string) =>
  text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
/** What `escaped` was given. */
export const unescaped = (text: string) =>
  text.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));
