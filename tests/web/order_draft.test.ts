import { describe, expect, it } from "vitest";
import { readFilters } from "../../web/orders/board_filters.ts";
import { bodyOf, editOf, emptyDraft, onTopOf } from "../../web/orders/draft.ts";
import { instantAt, timeAt } from "../../web/orders/site_time.ts";

const berlin = "Europe/Berlin";
const draft = {
  ...emptyDraft("site", "2026-11-23", "DE"),
  number: "#1",
  name: "Emil Sommer",
  street: "Kai 4",
};

describe("an order being typed", () => {
  it("means the site's own clock by a time, in summer and in winter", () => {
    expect(instantAt("2026-07-01", "09:00", berlin)).toBe("2026-07-01T07:00:00.000Z");
    expect(instantAt("2026-11-23", "09:00", berlin)).toBe("2026-11-23T08:00:00.000Z");
    expect(timeAt("2026-11-23T08:00:00Z", berlin)).toBe("09:00");
  });

  it("means the first hours of the next day by a window that ends before it begins", () => {
    expect(bodyOf({ ...draft, after: "22:00", before: "01:00" }, berlin).window).toEqual({
      after: "2026-11-23T21:00:00.000Z",
      before: "2026-11-24T00:00:00.000Z",
      hard: false,
    });
  });

  it("sends only what was changed, the recipient's fields one by one", () => {
    const edited = { ...draft, city: "Altona", priority: "high" as const };
    expect(editOf(draft, edited, berlin)).toEqual({ priority: "high", recipient: { city: "Altona" } });
  });

  it("sends what is no number as it was typed, for the server to refuse", () => {
    expect(bodyOf({ ...draft, weightKg: "heavy" }, berlin).weightKg).toBe("heavy");
    expect(bodyOf({ ...draft, cash: "34,90" }, berlin).cash).toEqual({ amount: 3490, currency: "EUR" });
  });

  it("keeps what a colleague saved meanwhile, with one's own changes on top", () => {
    const theirs = { ...draft, note: "Ring twice", city: "Bremen" };
    expect(onTopOf(theirs, draft, { ...draft, city: "Altona" })).toEqual({ ...theirs, city: "Altona" });
  });
});

describe("the board's address", () => {
  it("is read with what makes no sense left out", () => {
    expect(readFilters({ day: "tomorrow", state: "failed,returned", q: 1001, driver: "none" })).toEqual({
      state: "failed,returned",
      q: "1001",
      driver: "none",
    });
  });
});
