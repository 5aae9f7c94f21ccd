import { expect, test } from "vitest";
import { Lag } from "./lag";

test("what is promised and comes is not late", () => {
  const lag = new Lag();
  lag.promise("a", 3, 0);
  lag.arrive("a", 3, 1_900);
  expect(lag.overdue(10_000)).toEqual([]);
  expect(lag.late(10_000)).toBe(false);
});

test("what does not come is asked for after two seconds, and again after two more", () => {
  const lag = new Lag();
  lag.promise("a", 3, 0);
  expect(lag.overdue(1_999)).toEqual([]);
  expect(lag.overdue(2_000)).toEqual(["a"]);
  expect(lag.late(2_000)).toBe(true);
  lag.promise("a", 9, 2_100);
  expect(lag.overdue(3_000)).toEqual([]);
  expect(lag.late(3_000)).toBe(true);
  expect(lag.overdue(4_000)).toEqual(["a"]);
});

test("what comes slowly is on its way", () => {
  const lag = new Lag();
  lag.promise("a", 900, 0);
  for (let second = 1; second < 9; second += 1) lag.arrive("a", 100 * second, 1_000 * second);
  expect(lag.overdue(9_000)).toEqual([]);
  lag.arrive("a", 900, 9_000);
  expect(lag.late(60_000)).toBe(false);
});

test("what came before it was promised is not waited for, and each run stands for itself", () => {
  const lag = new Lag();
  lag.arrive("a", 5, 0);
  lag.promise("a", 5, 0);
  lag.promise("b", 1, 0);
  expect(lag.overdue(2_000)).toEqual(["b"]);
  lag.forget("b");
  expect(lag.late(5_000)).toBe(false);
});
