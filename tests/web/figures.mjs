// node figures.mjs: what the documentation says of speed, memory and sizes, measured in Chromium. Prints JSON.
import {statSync} from 'node:fs';
import {join} from 'node:path';

import {browser, FOLDERS, open, serve} from './browser_support.mjs';
import {sound} from './support.mjs';

const server = await serve(FOLDERS),
  chromium = await browser();
const {samples, rate} = sound('speech');

async function measure([model, profile, plain, hz]) {
  const speech = Float32Array.from(plain),
    begun = performance.now();
  const talker = await window.dt.load({model, profile});
  const load_s = (performance.now() - begun) / 1000,
    runs = [];
  for (let i = 0; i < 3; i += 1) {
    const stream = await talker.stream({seed: 1});
    await stream.push(speech, hz);
    await stream.flush();
    const from = performance.now(),
      {length} = await stream.pull();
    const seconds = (performance.now() - from) / 1000,
      {n_hops} = await stream.stats();
    runs.push({rtf: seconds / (length / talker.fps), ms_of_a_hop: (1000 * seconds) / n_hops});
    await stream.close();
  }
  runs.sort((a, b) => a.rtf - b.rtf);
  const memory_mb = (await talker.memory_bytes()) / 1e6;
  talker.close();
  return {model, profile, load_s, ...runs[1], fastest_rtf: runs[0].rtf, memory_mb};
}

const size = (...path) => statSync(join(FOLDERS['/page/'], ...path)).size;
const figures = {
  chromium: chromium.version(),
  bytes: {
    worker: size('app', 'worker.js'),
    page_script: size('app', 'main.js'),
    wasm: size('app', 'diffusiontalker.wasm'),
    model: size('models', 'base-2step.dtb'),
    head: size('head.glb'),
  },
  rows: [],
};
for (const model of ['base-2step', 'base']) {
  for (const profile of ['live', 'low-latency', 'offline']) {
    const context = await chromium.newContext(),
      page = await open(context, `${server.url}/tests/blank.html`);
    await page.waitForFunction('window.dt');
    figures.rows.push(await page.evaluate(measure, [model, profile, [...samples], rate]));
    await context.close();
  }
}
console.log(JSON.stringify(figures, null, 1));
await chromium.close();
server.close();
