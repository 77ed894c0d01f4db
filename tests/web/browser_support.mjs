// A web server without special headers, and Chromium without a window.
import {createReadStream, existsSync, statSync} from 'node:fs';
import {createServer} from 'node:http';
import {createRequire} from 'node:module';
import {extname, join, normalize} from 'node:path';
import {fileURLToPath} from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const {chromium} = createRequire(join(ROOT, 'web', 'package.json'))('playwright-core');
const KINDS = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.wasm': 'application/wasm',
  '.wav': 'audio/wav',
  '.json': 'application/json',
};
const FLAGS = [
  '--no-sandbox',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--disable-background-networking',
  '--disable-component-update',
  '--no-first-run',
  '--autoplay-policy=no-user-gesture-required',
  '--mute-audio',
  '--use-fake-ui-for-media-stream',
  '--use-fake-device-for-media-stream',
  `--use-file-for-fake-audio-capture=${join(ROOT, 'examples', 'speech.wav')}`,
];

/** Serves folders: {'/page/': folder, ...}. requests: every path that was asked for. */
export async function serve(folders) {
  const requests = [];
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(request.url.split('?')[0]));
    requests.push(path);
    const mount = Object.keys(folders).find((m) => path.startsWith(m));
    const file = mount && join(folders[mount], path.slice(mount.length) || 'index.html');
    if (!file || !existsSync(file) || !statSync(file).isFile())
      return response.writeHead(404).end('there is no such file');
    response.writeHead(200, {
      'content-type': KINDS[extname(file)] ?? 'application/octet-stream',
      'content-length': statSync(file).size,
      'cache-control': 'no-store', // what is kept is kept by the package
    });
    return createReadStream(file).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {url: `http://localhost:${server.address().port}`, requests, close: () => server.close()};
}

const LAUNCH = {executablePath: process.env.DT_CHROMIUM, args: FLAGS};

export const browser = () => chromium.launch(LAUNCH);
/** The same with its process, and how to use it. */
export const browserServer = () => chromium.launchServer(LAUNCH);
export const connect = (launched) => chromium.connect(launched.wsEndpoint());

/** A page whose faults are kept in page.faults. */
export async function open(context, url) {
  const page = await context.newPage();
  page.faults = [];
  page.on('pageerror', (e) => page.faults.push(e.message));
  page.on('console', (m) => m.type() === 'error' && page.faults.push(m.text()));
  page.setDefaultTimeout(120_000);
  await page.goto(url);
  return page;
}

export const FOLDERS = {
  '/page/': process.env.DT_WEB_PAGE,
  '/web/': join(ROOT, 'web'),
  '/reference/': process.env.DT_WEB_REFERENCE,
  '/tests/': join(ROOT, 'tests', 'web'),
};
