import { expect, test } from "vitest";
import { importer, NotLoaded } from "./importer";

test("what was loaded is not loaded again", async () => {
  let loads = 0;
  const fetched = importer(async () => ++loads);
  expect([await fetched(), await fetched()]).toEqual([1, 1]);
});

test("after a failure the next one that asks loads again", async () => {
  let away = true;
  const fetched = importer(async () => {
    if (away) throw new TypeError("Failed to fetch dynamically imported module");
    return "page";
  });
  await expect(fetched()).rejects.toBeInstanceOf(NotLoaded);
  away = false;
  expect(await fetched()).toBe("page");
});
