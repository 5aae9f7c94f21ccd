import { expect, test } from "vitest";

import { about, between } from "./Timed";

const time = { batch_size: 1, device: "cpu", p50_ms: 0.5, p95_ms: 0.7, spread_ms: 0.1, calls: 1000, samples_per_s: 2000, busy: false, ratios: [] };

test("a time tells how sure it is, and what the machine's other work did to it", () => {
  const told = about({ ...time, disturbed: 0.25, p50_seen_ms: 0.6, p95_seen_ms: 9, p50_interval_ms: { low: 0.49, high: 0.51 }, ended: "budget" }, null);
  expect(told).toContain("p50 of 1,000 calls, 95 % interval 490\u202fµs to 510\u202fµs");
  expect(told).toContain("25.00\u202f% of the calls disturbed by other work; as seen: p50 600\u202fµs, p95 9\u202fms");
  expect(told).toContain("not settled when the time was over");
});

test("an older time says nothing of what nobody measured", () => {
  expect(about(time, null)).not.toMatch(/disturbed|interval|settled/);
  expect(between({ interval: null })).toBe("");
  expect(between({ interval: { low: 0.48, high: 0.52 } })).toBe(" (0.48 to 0.52x)");
});
