import type { Signature } from "../deliveries/schema.ts";
import type { Random } from "./random.ts";

/** Where a signature is written, in thousandths of the pad's width. */
const left = 120, right = 880, line = 260;

/** Invents a signature: a row of loops that grows flatter towards its end, and often a stroke below it. */
export function scribble(random: Random): Signature {
  const loops = random.between(5, 9);
  const height = random.between(60, 110);
  const slant = random.between(-30, 60);
  const points = loops * 12;
  const name = Array.from({ length: points }, (_, at): [number, number] => {
    const done = at / points;
    const turn = done * loops * 2 * Math.PI;
    const size = height * (1 - 0.6 * done) * (0.7 + 0.3 * Math.sin(turn / 3));
    return [
      Math.round(left + (right - left) * done + size * 0.45 * Math.sin(turn)),
      Math.round(line - slant * done - size * Math.cos(turn)),
    ];
  });
  const flourish: [number, number][] = [[left + 60, line + 140], [right - 120, line + 120 - slant]];
  return { strokes: random.chance(0.6) ? [name, flourish] : [name] };
}
