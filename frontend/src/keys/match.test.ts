import { expect, test } from "vitest";
import { match, ranked } from "./match";

const names = (query: string, ...texts: string[]) => ranked(texts.map((text) => ({ text, kind: "" })), query).map(({ entry }) => entry.text);

test("letters are found in their order, with others between them", () => {
  expect(match("mgt", "magnitude")?.at).toEqual([0, 2, 5]);
  expect(match("mtg", "magnitude")).toBeNull();
  expect(match("adam", "ada")).toBeNull();
});

test("letters that begin words or follow each other are preferred to those that lie about", () => {
  expect(match("ne", "one new experiment")?.at).toEqual([4, 5]);
  expect(match("nex", "New experiment")?.at).toEqual([0, 4, 5]);
});

test("the best comes first", () => {
  expect(names("adam", "a dark map", "nadam", "adamw", "adam")).toEqual(["adam", "adamw", "nadam", "a dark map"]);
  expect(names("ns", "Runs", "Trade-offs", "New study")).toEqual(["New study", "Runs"]);
});

test("words may be typed in any order, and capitals say nothing", () => {
  expect(names("LENET digits", "Digits, LeNet")).toEqual(["Digits, LeNet"]);
  expect(names("digits resnet", "Digits, LeNet")).toEqual([]);
});

test("a letter of two code units is one letter", () => {
  expect(match("b", "🙂 b")?.at).toEqual([2]);
  expect(match("i", "İi")?.at).toEqual([1]);
});

test("the kind narrows, and only the name is marked", () => {
  const entries = [{ text: "Digits", kind: "Run" }, { text: "Digits", kind: "Study" }];
  expect(ranked(entries, "study dig")).toMatchObject([{ entry: { kind: "Study" }, at: [0, 1, 2] }]);
});

test("an id is found by how it begins, before every name", () => {
  const entries = [{ text: "0f", kind: "Run" }, { text: "x", kind: "Run", id: "0f3a" }];
  expect(ranked(entries, "0f").map(({ entry }) => entry.text)).toEqual(["x", "0f"]);
  expect(ranked(entries, "3a")).toEqual([]);
});

test("nothing typed keeps everything in its order", () => {
  expect(names(" ", "b", "a")).toEqual(["b", "a"]);
});
