// node web.js JOB.json: shows files in Chromium, and prints what three.js makes of them as JSON.
// JOB: {modules, chromium, pictures, files: [{name, path, back, times: [seconds]}]}
const fs = require('fs'), http = require('http'), path = require('path');
const job = JSON.parse(fs.readFileSync(process.argv[2]));
const {chromium} = require(path.join(job.modules, 'playwright-core'));
const KINDS = {'.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm'};
const FLAGS = ['--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--disable-background-networking',
  '--disable-component-update', '--no-first-run'];

function place(url) {
  const name = decodeURIComponent(url.split('?')[0]);
  if (name.startsWith('/file/')) return job.files[Number(name.slice(6))].path;
  if (name.startsWith('/node_modules/')) return path.join(job.modules, name.slice(14));
  if (name.startsWith('/example/')) return path.join(__dirname, '..', '..', 'examples', 'web', path.basename(name));
  return path.join(__dirname, path.basename(name));
}

const server = http.createServer((request, response) => {
  if (request.url === '/favicon.ico') return response.writeHead(204).end();
  const file = place(request.url);
  if (!fs.existsSync(file)) return response.writeHead(404).end();
  response.writeHead(200, {'content-type': KINDS[path.extname(file)] || 'application/octet-stream'});
  response.end(fs.readFileSync(file));
});

async function show(page, file, index) {
  const errors = [];
  page.removeAllListeners();
  page.on('pageerror', (e) => errors.push(e.message));
  page.on('console', (m) => m.type() === 'error' && errors.push(m.text()));
  await page.goto(`http://127.0.0.1:${server.address().port}/page.html`);
  await page.waitForFunction('window.ready');
  const info = await page.evaluate(([url, back]) => window.load(url, back), [`/file/${index}`, file.back]);
  const states = [];
  for (const [k, time] of file.times.entries()) {
    states.push(await page.evaluate((t) => window.at(t), time));
    await page.locator('canvas').screenshot({path: path.join(job.pictures, `${file.name}_web_${k}.png`)});
  }
  return {...info, states, errors};
}

server.listen(0, '127.0.0.1', async () => {
  const browser = await chromium.launch({executablePath: job.chromium, args: FLAGS});
  const page = await browser.newPage({viewport: {width: 360, height: 360}});
  page.setDefaultTimeout(120000);
  const out = {};
  for (const [index, file] of job.files.entries()) {
    try {
      out[file.name] = await show(page, file, index);
    } catch (e) {
      out[file.name] = {failed: e.message.slice(0, 400)};
    }
  }
  await browser.close();
  server.close();
  process.stdout.write(JSON.stringify(out));
});
