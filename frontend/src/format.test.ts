import { describe, expect, test } from "vitest";
import { ago, bytes, count, duration, ms, number, percent, plural, points, roughly, shortCount, title } from "./format";

const plain = (text: string) => text.replaceAll("\u202f", " ");

describe("numbers", () => {
  test.each([
    [0, "0"],
    [0.123456, "0.1235"],
    [12.3456, "12.35"],
    [1234.56, "1,235"],
    [1.2346e-7, "1.235e-7"],
    [1e-5, "1e-5"],
    [2.5e12, "2.5e12"],
    [-0.5, "−0.5"],
    [Number.NaN, "NaN"],
    [Number.POSITIVE_INFINITY, "∞"],
    [null, "–"],
  ])("%s is told as %s", (value, text) => expect(number(value)).toBe(text));

  test("counts keep their digits, or fall short with a unit", () => {
    expect(count(1234567)).toBe("1,234,567");
    expect(plain(shortCount(44426))).toBe("44.43 k");
    expect(shortCount(431)).toBe("431");
  });

  test("shares and differences", () => {
    expect(plain(percent(0.93124))).toBe("93.12 %");
    expect(points(0.0041)).toBe("+0.41");
    expect(points(-0.012)).toBe("−1.20");
    expect(points(-0.000001)).toBe("±0.00");
  });
});

describe("units", () => {
  test.each([
    [0, "0 B"],
    [999, "999 B"],
    [17284, "17.28 KB"],
    [1_205_000, "1.205 MB"],
  ])("%s bytes is %s", (value, text) => expect(plain(bytes(value))).toBe(text));

  test.each([
    [0.0841, "84.1 µs"],
    [1.20449, "1.204 ms"],
    [2310, "2.31 s"],
  ])("%s ms is %s", (value, text) => expect(plain(ms(value))).toBe(text));

  test.each([
    [0, "< 1 ms"],
    [0.84, "840 ms"],
    [4.21, "4.2 s"],
    [42.4, "42 s"],
    [59.7, "1 min 00 s"],
    [185, "3 min 05 s"],
    [3599.6, "1 h 00 min"],
    [7620, "2 h 07 min"],
    [273_600, "3 d 4 h"],
  ])("%s seconds last %s", (value, text) => expect(plain(duration(value))).toBe(text));

  test.each([
    [12, "10 s"],
    [58, "1 min"],
    [360, "6 min"],
    [7000, "2 h"],
  ])("%s expected seconds are %s", (value, text) => expect(plain(roughly(value))).toBe(text));

  test.each([
    [0.4, "now"],
    [12, "12 s ago"],
    [299, "4 min ago"],
    [10_900, "3 h ago"],
    [400_000, "4 d ago"],
  ])("%s seconds is %s", (value, text) => expect(plain(ago(value))).toBe(text));
});

test("words", () => {
  expect(plural(1, "run")).toBe("1 run");
  expect(plural(2, "run")).toBe("2 runs");
  expect(title("static_int8")).toBe("Static int8");
});
