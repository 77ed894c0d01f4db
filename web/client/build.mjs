// The package is made of the files that the studio has: they lie in the Python package, which ships them as well.
import {copyFileSync, mkdirSync, readdirSync, rmSync} from "node:fs";
import {fileURLToPath} from "node:url";

const here = new URL("./", import.meta.url), source = new URL("../../python/diffusiontalker/assets/client/", import.meta.url);
const dist = new URL("dist/", here);
rmSync(dist, {recursive: true, force: true});
mkdirSync(dist);
for (const name of readdirSync(source)) copyFileSync(new URL(name, source), new URL(name, dist));
copyFileSync(new URL("../../LICENSE", here), new URL("LICENSE", here));
console.log(`${readdirSync(dist).length} files in ${fileURLToPath(dist)}`);
