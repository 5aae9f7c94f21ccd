import { expect, test } from "vitest";
import { best, csv, typeOf } from "./samples";

test("a file's type is known by its name", () => {
  expect(typeOf("Digit.PNG")).toBe("image/png");
  expect(() => typeOf("model.exe")).toThrow("“model.exe” is not taken here");
});

test("a row becomes a table whose cells may hold anything", () => {
  expect(csv({ size: "1.5", 'the "colour"': "red, green" })).toBe('size,"the ""colour"""\n1.5,"red, green"');
});

test("the most probable classes come first", () => {
  expect(best([0.1, 0.7, 0.2], ["a", "b"], 2)).toEqual([
    { name: "b", share: 0.7 },
    { name: "2", share: 0.2 },
  ]);
});
