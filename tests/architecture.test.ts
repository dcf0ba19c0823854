import { walkSync } from "./harness/walk.ts";
import { expect, it } from "vitest";

/**
 * The order of the server's rooms: each may import from those before it, never from those after it. What only says
 * which words a slice is spoken to in (`schema.ts`) may be imported from anywhere, by the web UI too.
 */
const order = [
  "platform",
  "outbound",
  "audit",
  "sites",
  "company",
  "access",
  "backups",
  "drivers",
  "deliveries",
  "tracking",
  "demo",
];
/** On top of all slices: these put them together. */
const tops = ["app.ts", "jobs.ts", "main.ts", "migrate.ts", "operate.ts", "version.ts"];

const root = new URL("../", import.meta.url);

interface Import {
  from: string;
  to: string;
  typeOnly: boolean;
}

function importsOf(folder: string): Import[] {
  return walkSync(new URL(`${folder}/`, root), /\.tsx?$/).flatMap((file) => {
    const text = Deno.readTextFileSync(file);
    const statements = text.matchAll(
      /^(?:import|export)(?<type> type)?[^;"']*?from "(?<path>\.[^"]+)"|import\("(?<lazy>\.[^"]+)"\)/gm,
    );
    return [...statements].map(({ groups }) => ({
      from: pathOf(file),
      to: pathOf(new URL(groups!.path ?? groups!.lazy!, file)),
      typeOnly: groups!.type !== undefined,
    }));
  });
}

const pathOf = (url: URL) => url.pathname.slice(root.pathname.length);
const roomOf = (path: string) => path.split("/")[1]!;

it("dependencies between the server's slices run one way", () => {
  const wrong = importsOf("server").filter(({ from, to }) => {
    const [here, there] = [roomOf(from), roomOf(to)];
    if (here === there || tops.includes(here) || to.endsWith("/schema.ts") || to.endsWith("/rights.ts")) {
      return false;
    }
    if (tops.includes(there)) return there !== "version.ts";
    // A handler says who may: routes of slices below `access` use it too, their nouns do not.
    if (/(^|[/_])routes\.ts$/.test(from) && there === "access") return false;
    return order.indexOf(there) > order.indexOf(here) || !order.includes(here) || !order.includes(there);
  });
  expect(wrong.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
});

it("every room of the server is in the order above", () => {
  const rooms = [...Deno.readDirSync(new URL("server/", root))].map(({ name }) => name);
  expect(rooms.filter((name) => !order.includes(name) && !tops.includes(name))).toEqual([]);
});

it("the web UI knows of the server only the words they share", () => {
  const wrong = importsOf("web").filter(({ to, typeOnly }) =>
    to.startsWith("server/") && !to.endsWith("schema.ts") && !to.endsWith("/rights.ts") && !typeOnly
  );
  expect(wrong.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
});

it("only main.ts reads the environment or the command line", () => {
  const reading = walkSync(new URL("server/", root), /\.ts$/).filter((file) =>
    /^(?!\s*(\*|\/\/)).*(Deno\.(env|args)|process\.env)/m.test(Deno.readTextFileSync(file))
  );
  expect(reading.map(pathOf)).toEqual(["server/main.ts"]);
});

it("nothing in the server prints; it logs", () => {
  const printing = walkSync(new URL("server/", root), /\.ts$/).filter((file) =>
    /\bconsole\./.test(Deno.readTextFileSync(file))
  );
  expect(printing.map(pathOf)).toEqual([]);
});

it("schemas hold nothing but zod", () => {
  const wrong = importsOf("server").filter(({ from, to }) =>
    from.endsWith("/schema.ts") && !to.endsWith("/schema.ts") && !to.endsWith("/rights.ts")
  );
  expect(wrong.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
});
