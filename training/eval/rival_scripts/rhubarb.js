// Mouth cues of recordings: node run.js FOLDER, where FOLDER holds node_modules/rhubarb-lip-sync-wasm.
// Standard input: one path per line, raw 16-bit little-endian mono audio at 16 kHz.
// Standard output: one JSON array [{"start", "end", "value"}, ..] per path, in seconds.
import { readFileSync, writeSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

// The package writes progress to the console, which must not end up among the results.
console.log = console.info = console.debug = () => {};

const entry = join(resolve(process.argv[2]), "node_modules", "rhubarb-lip-sync-wasm", "dist", "index.js");
const { Rhubarb } = await import(pathToFileURL(entry).href);
const paths = readFileSync(0, "utf8").split("\n").filter((line) => line.length > 0);
for (const path of paths) {
  const result = await Rhubarb.getLipSync(readFileSync(path), {});
  writeSync(1, JSON.stringify(result.mouthCues) + "\n");
}
process.exit(0);
