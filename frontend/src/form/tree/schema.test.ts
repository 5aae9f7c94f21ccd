import { describe, expect, it } from "vitest";

import { editorSchema } from "./example";
import { keyOf, parsePath, valueAt, withValue } from "./path";
import { boundsOf, labelOf, optionalBranch, outlineOf, same } from "./schema";

describe("a schema", () => {
  it("turns the editor's references into the catalog's marks", () => {
    const outline = outlineOf(editorSchema);
    expect(outline.properties?.["source"]).toEqual({ "x-family": "sources", description: "The source." });
    expect(outline.properties?.["steps"]?.items).toEqual({ "x-family": "steps" });
    expect(outline).not.toHaveProperty("$defs");
  });

  it("names a field in sentence case and leaves a written title alone", () => {
    expect(labelOf("depth_limit", { title: "Depth Limit" })).toBe("Depth limit");
    expect(labelOf("depth_limit", { title: "How deep it goes" })).toBe("How deep it goes");
    expect(labelOf("beta1", {})).toBe("Beta1");
  });

  it("says its bounds", () => {
    expect(boundsOf({ exclusiveMinimum: 0, maximum: 10 })).toBe("above 0, at most 10");
    expect(boundsOf({ minimum: 1, maximum: 65536 })).toBe("at least 1, at most 65,536");
    expect(boundsOf({})).toBe("");
  });

  it("finds the one branch of an optional field, with the field's own words", () => {
    const branch = optionalBranch({ anyOf: [{ type: "integer" }, { type: "null" }], title: "Limit", default: null });
    expect(branch).toEqual({ type: "integer", title: "Limit" });
    expect(optionalBranch({ anyOf: [{ type: "integer" }, { type: "string" }] })).toBeUndefined();
  });

  it("compares values by what they hold", () => {
    expect(same({ a: [1, { b: null }] }, { a: [1, { b: null }] })).toBe(true);
    expect(same({ a: 1 }, { a: 1, b: 2 })).toBe(false);
    expect(same({ a: 1, b: 1 }, { a: 1, c: 1 })).toBe(false);
    expect(same([1, 2], [2, 1])).toBe(false);
    expect(same(0, false)).toBe(false);
  });
});

describe("a path", () => {
  it("is written as the server writes it", () => {
    expect(keyOf(["stages", 1, "method", "share"])).toBe("stages[1].method.share");
    expect(parsePath("stages[1].method.share")).toEqual(["stages", 1, "method", "share"]);
    expect(parsePath("")).toEqual([]);
  });

  it("reads and writes a value without touching the rest", () => {
    const before = { a: [{ b: 1 }, { b: 2 }] };
    expect(valueAt(before, ["a", 1, "b"])).toBe(2);
    expect(valueAt(before, ["a", 1, "constructor"])).toBeUndefined();
    expect(withValue(before, ["a", 1, "b"], 3)).toEqual({ a: [{ b: 1 }, { b: 3 }] });
    expect(before.a[1]!.b).toBe(2);
  });
});
