import { describe, expect, it } from "vitest";

import { apply, parse, write } from "./document";

const TEXT = `# what this is for
name: first # its name
source: {kind: well, depth_limit: 3}
steps:
  # the long one
  - kind: go
    mover: {kind: run, pace: 1.0e-3}
  - {kind: cut, share: 0.5}
`;

describe("the spec as text", () => {
  it("reads YAML and JSON alike", () => {
    expect(parse("a: [1, 2.5e-3, on, null]").value).toEqual({ a: [1, 0.0025, "on", null] });
    expect(parse('{"a": {"b": true}}').value).toEqual({ a: { b: true } });
    expect(parse("").value).toEqual({});
  });

  it("says on which line a mistake is", () => {
    expect(parse("name: x\nsteps: [1, 2\n").error?.line).toBeGreaterThanOrEqual(2);
    expect(parse("a: 1\nb: 2\na: 3\n").error).toEqual({ line: 3, message: "Map keys must be unique." });
    expect(parse("a:\n\t- 1\n").error?.line).toBe(2);
  });

  it("writes small leaves on one line and everything else in blocks", () => {
    const document = { name: "first", source: { kind: "well", depth_limit: 3 }, steps: [{ kind: "go", mover: { kind: "run" } }], none: [] };
    const text = "name: first\nsource: {kind: well, depth_limit: 3}\nsteps:\n  - kind: go\n    mover: {kind: run}\nnone: []\n";
    expect(write(document)).toBe(text);
  });

  it("comes back as it was", () => {
    const document = { a: 1e-8, b: "yes", c: "1e5", d: [1.5, null, true], e: { f: [{ g: "x: y # z" }] }, h: "", i: 1e21 };
    expect(parse(write(document)).value).toEqual(document);
  });

  it("gives exponents the decimal point that YAML 1.1 readers need", () => {
    expect(write({ a: 1e-8, b: 2.5e-9, c: 0.001 })).toBe("a: 1.0e-8\nb: 2.5e-9\nc: 0.001\n");
  });

  it("keeps comments and layout where a field is edited", () => {
    const after = apply(TEXT, [{ act: "set", path: ["steps", 0, "mover", "pace"], value: 0.01 }]);
    expect(after).toBe(TEXT.replace("1.0e-3", "0.01"));
  });

  it("adds to a line and opens it when a structure moves in", () => {
    const small = apply(TEXT, [{ act: "set", path: ["steps", 1, "limit"], value: 3 }]);
    expect(small).toContain("  - {kind: cut, share: 0.5, limit: 3}\n");
    const large = apply(TEXT, [{ act: "set", path: ["steps", 1, "again"], value: { rounds: 2 } }]);
    expect(large).toContain("  - kind: cut\n    share: 0.5\n    again: {rounds: 2}\n");
  });

  it("moves an entry together with its comment", () => {
    const after = apply(TEXT, [{ act: "move", path: ["steps"], from: 1, to: 0 }]);
    expect(after.indexOf("cut")).toBeLessThan(after.indexOf("# the long one"));
    expect(after.indexOf("# the long one")).toBeLessThan(after.indexOf("kind: go"));
  });

  it("makes a mapping out of an empty text", () => {
    expect(apply("", [{ act: "set", path: ["source", "kind"], value: "well" }])).toBe("source: {kind: well}\n");
  });
});
