// The microphone: its samples go to the server and into a recording, and the face follows as soon as its frames are there.

import {FaceClient} from "./client/index.js";
import {streamAddress, token} from "./api.js";
import {Sound} from "./sound.js";
import {sessionSettings} from "./takes.js";

const MARGIN_S = 0.06;  // beyond the latency of the profile: the computing and the way
const MOST_S = 1200;  // of a recording

export class Microphone extends EventTarget {
  // take: that gets the frames.   profile: of the microphone.
  constructor(take, profile) {
    super();
    this.take = take;
    this.profile = profile;
    this.parts = [];
    this.nSamples = 0;
    this.level = 0;
    this.loudness = [];  // of each piece of the worklet
    this.pieceS = 0;
    this.isOver = false;
  }

  get seconds() { return this.rate ? this.nSamples / this.rate : 0; }

  // What the listener sees now: the sound of so long ago, or the newest frame.
  get shownAt() {
    const since = this.seenAt ? (performance.now() - this.seenAt) / 1000 : 0;
    return Math.max(0, Math.min(this.seconds + Math.min(since, 0.1) - this.delayS, this.take.track.duration));
  }

  async start() {
    this.media = await navigator.mediaDevices.getUserMedia({audio: {channelCount: 1, echoCancellation: false, noiseSuppression: true, autoGainControl: true}});
    this.context = new AudioContext();
    this.rate = this.context.sampleRate;
    const settings = {...sessionSettings(this.take.settings), profile: this.profile, sample_rate: this.rate, encoding: "s16le"};
    this.client = new FaceClient(streamAddress(), {token: token(), settings});
    this.client.addEventListener("frames", event => this.takeFrames(event.detail));
    this.client.addEventListener("error", event => this.dispatchEvent(new CustomEvent("fault", {detail: event.detail.message})));
    this.client.addEventListener("state", event => this.dispatchEvent(new CustomEvent("link", {detail: event.detail})));
    this.delayS = (await this.client.open()).latency_ms / 1000 + MARGIN_S;
    await this.context.audioWorklet.addModule("worklet.js");
    const node = new AudioWorkletNode(this.context, "samples");
    node.port.onmessage = event => this.takeSamples(event.data);
    node.connect(this.context.destination);  // silent; a node without a way to the device may stand still
    this.context.createMediaStreamSource(this.media).connect(node);
    await this.context.resume();
  }

  takeSamples(samples) {
    if (this.isOver) return;
    this.seenAt = performance.now();
    const whole = Int16Array.from(samples, v => Math.max(-32768, Math.min(32767, Math.round(32768 * v))));
    this.parts.push(whole);
    this.nSamples += whole.length;
    const loud = samples.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    this.level = Math.max(0.97 * this.level, loud);
    this.loudness.push(loud);
    this.pieceS = samples.length / this.rate;
    this.collect(whole);
    if (this.seconds > MOST_S) this.stop();
  }

  // As Sound.peaks(), while it records.
  peaks(from, to, columns) {
    const at = c => Math.floor((from + c / columns * (to - from)) / (this.pieceS || 1));
    return Float32Array.from({length: columns}, (_, c) => {
      let most = 0;
      for (let i = Math.max(0, at(c)); i < Math.min(this.loudness.length, Math.max(at(c) + 1, at(c + 1))); i++) most = Math.max(most, this.loudness[i]);
      return most;
    });
  }

  // Pieces of 128 samples are sent a few at a time. While the connection is lost the sound is recorded all the same, and
  // its frames hold still.
  collect(samples) {
    this.waiting = this.waiting || [];
    this.waiting.push(samples);
    if (this.waiting.length < 8) return;
    this.sendWaiting();
  }

  sendWaiting() {
    const parts = this.waiting || [], joined = new Int16Array(parts.reduce((n, p) => n + p.length, 0));
    parts.reduce((at, p) => { joined.set(p, at); return at + p.length; }, 0);
    this.waiting = [];
    const before = this.nSamples - joined.length, stretch = this.client.stretch;
    if (joined.length && this.client.push(joined) && this.client.stretch !== stretch) this.client.stretch.micS = before / this.rate;
  }

  // A new connection begins its frames at 0: they belong where its sound began.
  takeFrames({response, first, n}) {
    const track = this.take.track, width = track.nValues, offset = Math.round((response.micS || 0) * track.fps);
    if (offset + first > track.length) {
      const missing = offset + first - track.length, last = track.length ? track.row(track.length - 1) : new Float32Array(width);
      for (let k = 0; k < missing; k++) track.add(track.length, last.slice());
    }
    this.take.overwrite(offset + first, response.track.store.subarray(first * width, (first + n) * width));
    this.take.become("computing", track.length);
  }

  // Ends it; resolves with the recording when all frames are there.
  async stop() {
    if (this.isOver) return null;
    this.isOver = true;
    this.sendWaiting();
    const response = this.client.stretch;
    this.media.getTracks().forEach(track => track.stop());
    this.client.flush();
    const end = performance.now() + 5000;
    while (response && !response.isDone && performance.now() < end) await new Promise(done => setTimeout(done, 30));
    this.client.close();
    await this.context.close();
    const samples = new Int16Array(this.nSamples);
    this.parts.reduce((at, p) => { samples.set(p, at); return at + p.length; }, 0);
    const sound = samples.length ? new Sound(this.take.name, samples, this.rate) : null;
    this.dispatchEvent(new CustomEvent("over", {detail: sound}));
    return sound;
  }
}
