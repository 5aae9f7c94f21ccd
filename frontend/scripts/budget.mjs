// Prints the JavaScript that each page needs before it can be used, and fails when one outgrows the budget.
// Plotly, the text editor and the YAML view come later, by themselves: they are listed, not counted.
import { readFileSync, rmSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BUDGET = 250;
const root = new URL("../../backend/static/", import.meta.url);
const listing = new URL(".vite/manifest.json", root);
const manifest = JSON.parse(readFileSync(listing, "utf8"));
rmSync(new URL(".vite", root), { recursive: true });

const size = (key) => gzipSync(readFileSync(new URL(manifest[key].file, root))).length / 1024;

function needed(key, found = new Set()) {
  if (found.has(key)) return found;
  found.add(key);
  for (const imported of manifest[key].imports ?? []) needed(imported, found);
  return found;
}

const entry = needed("index.html");
const pages = Object.keys(manifest).filter((key) => key.startsWith("src/pages/"));
const costs = [["/ (Runs)", entry], ...pages.map((key) => [key, new Set([...entry, ...needed(key)])])];
let over = false;
console.log("JavaScript before Plotly, KB gzip:");
for (const [page, keys] of costs) {
  const total = [...keys].reduce((sum, key) => sum + size(key), 0);
  over ||= total > BUDGET;
  console.log(`  ${total.toFixed(1).padStart(6)} of ${BUDGET}  ${page}`);
}

const counted = new Set(costs.flatMap(([, keys]) => [...keys]));
const later = Object.keys(manifest).filter((key) => manifest[key].file.endsWith(".js") && !counted.has(key));
for (const key of later) console.log(`  ${size(key).toFixed(1).padStart(6)} later   ${key.replace(/^.*node_modules\//, "")}`);
if (over) {
  console.error("A page's JavaScript is over its budget.");
  process.exit(1);
}
