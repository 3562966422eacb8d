// Bundles web/src into one script with a hash in its name: node web/build.mjs OUTPUT
// Each module, stripped of comments, is kept in .cache/web under the hash of its source.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const SOURCE = "web/src";
const CACHE = ".cache/web";
const IMPORT = /^import \{[^}]*\} from "(\.[^"]+)";\n/gm;

const hash = (text) => createHash("sha256").update(text).digest("hex");

function strip(source) {
  const kept = join(CACHE, `${hash(source)}.js`);
  if (existsSync(kept)) return { text: readFileSync(kept, "utf8"), cached: true };
  const text = source
    .replace(IMPORT, "")
    .replace(/^export /gm, "")
    .replace(/^\s*\/\/.*\n/gm, "")
    .replace(/\n{2,}/g, "\n");
  mkdirSync(CACHE, { recursive: true });
  writeFileSync(kept, text);
  return { text, cached: false };
}

// A module's text stands behind the text of all it imports, each module once.
function bundle(file, seen = new Set()) {
  if (seen.has(file)) return "";
  seen.add(file);
  const source = readFileSync(file, "utf8");
  const before = [...source.matchAll(IMPORT)].map(([, path]) =>
    bundle(normalize(join(dirname(file), path)), seen),
  );
  const { text, cached } = strip(source);
  console.log(`  ${file} ${text.length} bytes${cached ? " (cached)" : ""}`);
  return before.join("") + text;
}

const output = process.argv[2];
rmSync(output, { recursive: true, force: true });
mkdirSync(output, { recursive: true });
const script = bundle(join(SOURCE, "app.mjs"));
const name = `app.${hash(script).slice(0, 10)}.js`;
const page = readFileSync(join(SOURCE, "index.html"), "utf8").replace("app.mjs", name);
writeFileSync(join(output, name), script);
writeFileSync(join(output, "index.html"), page);
console.log(`${output}: index.html, ${name}`);
