/** Hours of the day in which copying is allowed: from the first, up to and without the second. */
export interface Hours {
  from: number;
  to: number;
}

const HOUR = 3_600_000;

/** `20-6` or `0-24`; undefined when it is neither. */
export function parseHours(text: string): Hours | undefined {
  const [, from, to] = /^(\d{1,2})\s*-\s*(\d{1,2})$/.exec(text)?.map(Number) ?? [];
  if (from === undefined || to === undefined || from > 23 || to > 24 || from === to) return undefined;
  return { from, to };
}

/** Whether copying is allowed now; always, if no hours are set. */
export function isWithin(hours: Hours | undefined, timeZone: string, now: number): boolean {
  if (!hours) return true;
  const hour = hourOf(now, timeZone);
  return hours.from < hours.to
    ? hour >= hours.from && hour < hours.to
    : hour >= hours.from || hour < hours.to;
}

/** The first moment from `at` on at which copying is allowed. */
export function nextWithin(hours: Hours | undefined, timeZone: string, at: number): number {
  if (isWithin(hours, timeZone, at)) return at;
  return changeAfter(hours, timeZone, at);
}

/** When the hours that have begun end; undefined: never. */
export function endOf(hours: Hours | undefined, timeZone: string, now: number): number | undefined {
  return hours && changeAfter(hours, timeZone, now);
}

function changeAfter(hours: Hours | undefined, timeZone: string, at: number): number {
  const before = isWithin(hours, timeZone, at);
  // Every zone changes its hour at a quarter of UTC's.
  const quarter = HOUR / 4;
  let moment = Math.floor(at / quarter) * quarter + quarter;
  for (let i = 0; i < 4 * 26 && isWithin(hours, timeZone, moment) === before; i++) moment += quarter;
  return moment;
}

function hourOf(moment: number, timeZone: string): number {
  return Number(
    new Intl.DateTimeFormat("en", { timeZone, hour: "numeric", hourCycle: "h23" }).format(moment),
  );
}
