import { expect, test } from "vitest";
import { scriptOf } from "./version";

test("a built page is known by its script", () => {
  expect(scriptOf('<link href="/favicon.svg"><script type="module" crossorigin src="/assets/index-1a2B.js"></script>')).toBe("/assets/index-1a2B.js");
  expect(scriptOf('<script type="module" src="/src/main.tsx"></script>')).toBeUndefined();
});
