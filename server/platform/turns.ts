import type { Problem } from "./problem.ts";

/**
 * Lets so many do something heavy at once; the rest wait their turn, and when too many wait, the next is sent away, so
 * that no crowd takes all memory.
 */
export class Turns {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /** @param busy  what whoever is sent away is told */
  constructor(
    private readonly limits: { atOnce: number; waiting: number },
    private readonly busy: () => Problem,
  ) {}

  /** Acts when it is one's turn. @throws Problem when too many wait already */
  async take<T>(act: () => Promise<T>): Promise<T> {
    if (this.#running < this.limits.atOnce) this.#running++;
    else {
      if (this.#waiting.length >= this.limits.waiting) throw this.busy();
      // Whoever is done hands its place on, so that nobody who comes later slips in between.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    try {
      return await act();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}
