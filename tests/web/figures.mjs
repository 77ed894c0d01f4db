// node figures.mjs: what the documentation says of speed, memory and sizes, measured in Chromium. Prints JSON.
// The real-time factor is the processor time of the Worker by the seconds of sound, so that other programs count little;
// `wall` is the same by the clock. Linux.
import {readdirSync, readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';

import {browserServer, connect, FOLDERS, open, serve} from './browser_support.mjs';
import {sound} from './support.mjs';

const TICKS_PER_S = 100; // of /proc
const server = await serve(FOLDERS);
const chromium_ = await browserServer(), chromium = await connect(chromium_);
const {samples, rate} = sound('speech');

/** Processor seconds of every thread of Chromium so far. */
function threads() {
  const parents = new Map(), times = new Map();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      parents.set(pid, readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ')[1]);
    } catch {
      // it has ended
    }
  }
  const is_ours = (pid) => pid === String(chromium_.process().pid) || (parents.has(pid) && is_ours(parents.get(pid)));
  for (const pid of [...parents.keys()].filter(is_ours)) {
    try {
      for (const thread of readdirSync(`/proc/${pid}/task`)) {
        const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8').split(') ').at(-1).split(' ');
        times.set(thread, (Number(stat[11]) + Number(stat[12])) / TICKS_PER_S);
      }
    } catch {
      // it has ended
    }
  }
  return times;
}

/** Seconds of the thread that has worked most since. */
function busiest(before) {
  return Math.max(...[...threads()].map(([thread, s]) => s - (before.get(thread) ?? 0)));
}

async function load([model, profile]) {
  const begun = performance.now();
  window.talker = await window.dt.load({model, profile});
  return (performance.now() - begun) / 1000;
}

async function speak([plain, hz]) {
  const stream = await window.talker.stream({seed: 1});
  await stream.push(Float32Array.from(plain), hz);
  await stream.flush();
  const begun = performance.now(), frames = await stream.pull();
  const seconds = (performance.now() - begun) / 1000, {n_hops} = await stream.stats();
  await stream.close();
  return {wall_s: seconds, sound_s: frames.length / window.talker.fps, n_hops, memory: await window.talker.memory_bytes()};
}

const size = (...path) => statSync(join(FOLDERS['/page/'], ...path)).size;
const figures = {
  chromium: chromium.version(),
  bytes: {
    worker: size('app', 'worker.js'), page_script: size('app', 'main.js'), wasm: size('app', 'diffusiontalker.wasm'),
    model: size('models', 'base-2step.dtb'), head: size('head.glb'),
  },
  rows: [],
};
const ROWS = [['base-2step', 'live'], ['base', 'live'], ['base-2step', 'low-latency'], ['base-2step', 'offline']];
for (const [model, profile] of ROWS) {
  const context = await chromium.newContext(), page = await open(context, `${server.url}/tests/blank.html`);
  await page.waitForFunction('window.dt');
  const at_start = threads(), load_s = await page.evaluate(load, [model, profile]), load_cpu_s = busiest(at_start);
  await page.evaluate(speak, [[...samples], rate]); // the first run is that of the compiler, too
  const before = threads(), run = await page.evaluate(speak, [[...samples], rate]), cpu_s = busiest(before);
  figures.rows.push({
    model, profile, load_s, load_cpu_s, rtf: cpu_s / run.sound_s, ms_of_a_hop: (1000 * cpu_s) / run.n_hops,
    wall: run.wall_s / run.sound_s, memory_mb: run.memory / 1e6,
  });
  await context.close();
}
console.log(JSON.stringify(figures, null, 1));
await chromium.close();
await chromium_.close();
server.close();
