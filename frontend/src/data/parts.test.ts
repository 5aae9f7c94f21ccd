import { expect, it } from "vitest";

import { listed, type Chosen } from "./chosen";
import { nameOf, partsOf } from "./parts";

const file = (name: string) => new File(["x"], name);
const at = (path: string): Chosen => ({ file: file(path.split("/").at(-1)!), path });

it("sends one file as it is, with what was said of it", () => {
  const table = file("a.csv");
  const said = [["target", "y"], ["header", "auto"]];
  expect(partsOf(listed([table]), { target: "y", task: "", header: "auto" })).toEqual([...said, ["file", table]]);
});

it.each(["targets.npy", "train-labels.npy", "y.npy", "y_train.npy"])("takes %s for the targets of two files", (name) => {
  const [inputs, targets] = [file("x_train.npy"), file(name)];
  expect(partsOf(listed([targets, inputs]), {})).toEqual([["inputs", inputs], ["targets", targets]]);
});

it("sends files in folders together, each under its path", () => {
  const [cat, dog] = [at("pets/cat/1.png"), at("pets/dog/1.png")];
  expect(partsOf([cat, dog], { side: "32" })).toEqual([["side", "32"], ["files", cat.file, cat.path], ["files", dog.file, dog.path]]);
  expect(nameOf([cat, dog])).toBe("pets (2 files)");
});

it("says what is wrong with other numbers and names of files", () => {
  expect(() => partsOf(listed([file("a.npy"), file("b.npy")]), {})).toThrow("must have “targets” or “labels”");
  expect(() => partsOf(listed([file("a"), file("b"), file("c")]), {})).toThrow("Send one file, two arrays");
});
