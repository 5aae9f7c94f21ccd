import { expect, it } from "vitest";

import { partsOf } from "./parts";

const file = (name: string) => new File(["x"], name);

it("sends one file as it is, with what was said of it", () => {
  const table = file("a.csv");
  expect(partsOf([table], { target: "y", task: "", header: "auto" })).toEqual({ file: table, target: "y", header: "auto" });
});

it.each(["targets.npy", "train-labels.npy", "y.npy", "y_train.npy"])("takes %s for the targets of two files", (name) => {
  const [inputs, targets] = [file("x_train.npy"), file(name)];
  expect(partsOf([targets, inputs], {})).toEqual({ inputs, targets });
});

it("says what is wrong with other numbers and names of files", () => {
  expect(() => partsOf([file("a.npy"), file("b.npy")], {})).toThrow("must have “targets” or “labels”");
  expect(() => partsOf([file("a"), file("b"), file("c")], {})).toThrow("Send one file, or two");
});
