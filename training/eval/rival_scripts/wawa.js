// Visemes of recordings by wawa-lipsync: node wawa.js FOLDER, where FOLDER holds node_modules/wawa-lipsync.
// Standard input: one path per line, raw 32-bit float little-endian mono audio at 48 kHz.
// Standard output: one JSON array [[viseme, volume], ..] per path, 60 a second, the first at 0 s.
import { readFileSync, writeSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const RATE = 48000, UPDATES_HZ = 60;
let now = 0;  // seconds of the recording

// The AnalyserNode of the Web Audio specification: Blackman window, smoothed magnitudes, decibels as bytes.
class Analyser {
  fftSize = 2048;
  smoothing = 0.8;
  minDecibels = -100;
  maxDecibels = -30;
  audio = new Float32Array(0);
  smoothed = null;
  get frequencyBinCount() { return this.fftSize / 2; }
  connect() {}
  getByteFrequencyData(out) {
    const n = this.fftSize, end = Math.round(now * RATE);
    const re = new Float64Array(n), im = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      const at = end - n + i, x = 2 * Math.PI * i / n;
      const window = 0.42 - 0.5 * Math.cos(x) + 0.08 * Math.cos(2 * x);
      re[i] = at >= 0 && at < this.audio.length ? window * this.audio[at] : 0;
    }
    fft(re, im);
    this.smoothed ??= new Float64Array(n / 2);
    for (let k = 0; k < n / 2; k++) {
      const magnitude = Math.hypot(re[k], im[k]) / n;
      this.smoothed[k] = this.smoothing * this.smoothed[k] + (1 - this.smoothing) * magnitude;
      const db = 20 * Math.log10(this.smoothed[k] + 1e-20);
      out[k] = Math.max(0, Math.min(255, Math.floor(255 * (db - this.minDecibels) / (this.maxDecibels - this.minDecibels))));
    }
  }
}

function fft(re, im) {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) [re[i], re[j], im[i], im[j]] = [re[j], re[i], im[j], im[i]];
  }
  for (let size = 2; size <= n; size *= 2) {
    for (let k = 0; k < size / 2; k++) {
      const angle = -2 * Math.PI * k / size, c = Math.cos(angle), s = Math.sin(angle);
      for (let i = k; i < n; i += size) {
        const j = i + size / 2, x = re[j] * c - im[j] * s, y = re[j] * s + im[j] * c;
        [re[j], im[j], re[i], im[i]] = [re[i] - x, im[i] - y, re[i] + x, im[i] + y];
      }
    }
  }
}

let analyser = null;
globalThis.window = {
  AudioContext: class {
    sampleRate = RATE;
    destination = {};
    createAnalyser() { return (analyser = new Analyser()); }
    resume() {}
  },
};
performance.now = () => 1000 * now;

const entry = join(resolve(process.argv[2]), "node_modules", "wawa-lipsync", "dist", "wawa-lipsync.es.js");
const { Lipsync } = await import(pathToFileURL(entry).href);
for (const path of readFileSync(0, "utf8").split("\n").filter((line) => line.length > 0)) {
  const bytes = readFileSync(path);
  now = 0;
  const lipsync = new Lipsync();
  analyser.audio = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  const seen = [];
  for (let k = 0; k < Math.ceil(analyser.audio.length / RATE * UPDATES_HZ); k++) {
    now = k / UPDATES_HZ;
    lipsync.processAudio();
    seen.push([lipsync.viseme.replace("viseme_", ""), lipsync.features.volume]);
  }
  writeSync(1, JSON.stringify(seen) + "\n");
}
process.exit(0);
