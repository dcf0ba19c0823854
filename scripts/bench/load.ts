/**
 * Users at work, in a process of their own so that what they cost is not measured as the server's: reads a `Load` as
 * JSON from standard input and writes `Latencies` to standard output.
 */

/** What is asked of a server. */
export interface Load {
  url: string;
  /** One cookie header a user. */
  users: string[];
  /** The addresses to draw from, each user beginning somewhere else. */
  paths: string[];
  seconds: number;
  /** Seconds at the beginning that are not counted. */
  warmUp: number;
  /** A user's pause between an answer and the next question, drawn between the two; milliseconds. */
  pause: [least: number, most: number];
}

/** How long answers took, milliseconds. */
export interface Latencies {
  requests: number;
  perSecond: number;
  p50: number;
  p95: number;
  p99: number;
  most: number;
  /** Average size of an answer's body. */
  bytes: number;
}

if (import.meta.main) {
  const load = await new Response(Deno.stdin.readable).json() as Load;
  await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(await work(load))));
}

async function work({ url, users, paths, seconds, warmUp, pause }: Load): Promise<Latencies> {
  const from = performance.now() + warmUp * 1000;
  const until = from + seconds * 1000;
  const took: number[] = [];
  let bytes = 0;
  await Promise.all(users.map(async (cookie, user) => {
    await sleep(between(pause));
    for (let turn = Math.floor(paths.length * user / users.length); performance.now() < until; turn++) {
      const asked = performance.now();
      const response = await fetch(`${url}${paths[turn % paths.length]}`, { headers: { cookie } });
      const body = await response.bytes();
      if (!response.ok) {
        throw new Error(`${response.status}: ${new TextDecoder().decode(body).slice(0, 500)}`);
      }
      if (asked >= from) {
        took.push(performance.now() - asked);
        bytes += body.length;
      }
      if (pause[1] > 0) await sleep(between(pause));
    }
  }));
  took.sort((a, b) => a - b);
  const share = (part: number) => rounded(took[Math.min(took.length - 1, Math.floor(took.length * part))]!);
  return {
    requests: took.length,
    perSecond: rounded(took.length / seconds),
    p50: share(0.5),
    p95: share(0.95),
    p99: share(0.99),
    most: share(1),
    bytes: Math.round(bytes / took.length),
  };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function between([least, most]: [number, number]): number {
  return least + Math.random() * (most - least);
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
