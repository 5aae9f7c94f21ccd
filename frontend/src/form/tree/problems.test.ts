import { describe, expect, it } from "vitest";

import { editorSchema, forms } from "./example";
import { concerns, messages, place } from "./problems";
import { outlineOf } from "./schema";
import { summaryOf } from "./summary";
import { draw, walk, type ComponentNode } from "./tree";

const root = draw(
  { name: "", source: { kind: "wel" }, steps: [{ kind: "go", mover: { kind: "run", pace: 99 } }, { kind: "cut", shar: 1 }] },
  forms(outlineOf(editorSchema)),
);

function put(path: string): string {
  return place([{ path, message: "is wrong." }], root)[0]!.field;
}

describe("a problem", () => {
  it("is shown at its own field", () => {
    expect(put("name")).toBe("name");
    expect(put("steps[0].mover.pace")).toBe("steps[0].mover.pace");
  });

  it("is shown at the nearest field around it when it has none", () => {
    expect(put("source.kind")).toBe("source");
    expect(put("steps[1].shar")).toBe("steps[1]");
    expect(put("steps[7].rounds")).toBe("steps");
    expect(put("nonsense")).toBe("");
    expect(put("")).toBe("");
  });

  it("keeps the name of what has no field of its own", () => {
    const placed = place(
      [
        { path: "steps[1].shar", message: "is not a field here." },
        { path: "source.kind", message: "`wel` is not known." },
        { path: "nonsense", message: "is not a field here." },
      ],
      root,
    );
    const texts = messages(placed);
    expect(texts.get("steps[1]")).toBe("`shar` is not a field here.");
    expect(texts.get("source")).toBe("`wel` is not known.");
    expect(texts.get("")).toBe("`nonsense` is not a field here.");
    expect(messages(place([{ path: "name", message: "is missing." }], root)).get("name")).toBe("Name is missing.");
    expect(concerns(placed, "steps")).toBe(true);
    expect(concerns(placed, "steps[1]")).toBe(true);
    expect(concerns(placed, "steps[0]")).toBe(false);
  });
});

describe("a summary", () => {
  const component = (key: string) => [...walk(root)].find((node) => node.key === key) as ComponentNode;

  it("says what the spec says", () => {
    expect(summaryOf(component("steps[0]"))).toBe("mover run (pace 99)");
    expect(summaryOf(component("source"))).toBe("wel is not known");
    expect(summaryOf(component("steps[1]"))).toBe("What cut does.");
  });
});
