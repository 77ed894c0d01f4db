// A server of files for the examples, on this machine only.
import {createReadStream, existsSync, statSync} from "node:fs";
import {createServer} from "node:http";
import {extname, join, normalize, sep} from "node:path";
import {fileURLToPath} from "node:url";

const root = normalize(fileURLToPath(new URL("../", import.meta.url))), port = Number(process.argv[2] || 8000);
const types = {".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".json": "application/json", ".wasm": "application/wasm"};

createServer((request, response) => {
  if (request.url === "/favicon.ico") {
    response.writeHead(204).end();
    return;
  }
  const path = normalize(join(root, decodeURIComponent(new URL(request.url, "http://x").pathname)));
  const file = path === root ? join(root, "examples", "index.html") : path;
  if (!file.startsWith(root.endsWith(sep) ? root : root + sep) || !existsSync(file) || !statSync(file).isFile()) {
    response.writeHead(404).end("there is no such file\n");
    return;
  }
  response.writeHead(200, {"content-type": types[extname(file)] || "application/octet-stream"});
  createReadStream(file).pipe(response);
}).listen(port, "127.0.0.1", function told() { console.log(`examples on http://127.0.0.1:${this.address().port}/`); });
