// A take: a sound, the settings of a face, and the frames that came of both.

import {FaceClient, FaceTrack} from "./client/index.js";
import {streamAddress, token} from "./api.js";

export const plainSettings = about => ({
  identity: about.default_identity, voice: null, mood: about.default_emotion, mix: null, emotion_strength: 1, head_amount: 1,
  dials: {}, profile: about.default_profile, seed: 0,
});

// Settings of the page as settings of a session. A learned voice holds its mood.
export function sessionSettings(settings) {
  const {voice, mood, mix, emotion_strength, head_amount, dials, profile, seed, identity} = settings;
  const common = {head_amount, dials, profile, seed};
  if (voice) return {...common, style: voice.style};
  return {...common, identity, emotion_strength, ...(mix ? {emotion: mix} : mood ? {emotion: mood} : {})};
}

let nTakes = 0;

export class Take extends EventTarget {
  constructor(about, sound, settings, name) {
    super();
    this.about = about;
    this.sound = sound;
    this.settings = structuredClone(settings);
    this.number = ++nTakes;
    this.name = name || `Take ${this.number}`;
    this.isShown = true;
    this.channels = [...about.channels, ...(about.has_head_pose ? ["headYaw", "headPitch", "headRoll"] : [])];
    this.track = new FaceTrack(this.channels.length, about.fps[0] / about.fps[1]);
    this.nNew = 0;  // frames of the present settings; those behind are of the settings before
    this.state = "done";  // computing, done, failed
    this.running = null;
  }

  get nFrames() { return this.sound ? Math.ceil(this.sound.duration * this.track.fps - 1e-6) : 0; }
  get fraction() { return this.nFrames ? Math.min(1, this.nNew / this.nFrames) : 1; }

  // Animates the sound with the settings of now; an earlier run ends. Frames are shown as they come.
  async compute() {
    this.stop();
    const running = this.running = new AbortController();
    const settings = {...sessionSettings(this.settings), sample_rate: this.sound.rate, encoding: "s16le"};
    const client = new FaceClient(streamAddress(), {token: token(), settings});
    const stopped = new Promise((_, reject) => running.signal.addEventListener("abort", () => reject(running.signal.reason)));
    stopped.catch(() => {});
    this.become("computing", 0);
    client.addEventListener("frames", event => {
      if (this.running !== running) return;
      const {response, first, n} = event.detail, width = this.track.nValues;
      this.overwrite(first, response.track.store.subarray(first * width, (first + n) * width));
      this.become("computing", first + n);
    });
    const failed = new Promise((_, reject) => client.addEventListener("error", event => reject(event.detail)));
    failed.catch(() => {});
    try {
      await Promise.race([client.open(), failed, stopped]);
      const response = await Promise.race([client.speak(this.sound.samples, {signal: running.signal}), failed, stopped]);
      this.track.length = response.track.length;
      this.become("done", response.track.length);
    } catch (error) {
      if (this.running === running && !running.signal.aborted) this.fail(error);
    } finally {
      client.close();
      if (this.running === running) this.running = null;
    }
  }

  stop() {
    this.running?.abort();
    this.running = null;
  }

  fail(error) {
    this.error = error.message;
    this.become("failed", this.nNew);
  }

  become(state, nNew) {
    const changed = this.state !== state;
    Object.assign(this, {state, nNew});
    this.dispatchEvent(new CustomEvent("change", {detail: {changed}}));
  }

  // Puts frames in the place of those that are there; later ones of earlier settings stay until theirs come.
  overwrite(first, values) {
    const track = this.track, n = values.length / track.nValues;
    if (first + n > track.length) track.add(first, values);
    else track.store.set(values, first * track.nValues);
  }

  // One curve, frames begin..end - 1; "mouthSmile" is the mean of both sides, headYaw in degrees.
  curve(name, begin = 0, end = this.track.length) {
    const columns = this.channels.flatMap((c, i) => c === name || c === `${name}Left` || c === `${name}Right` ? [i] : []);
    if (!columns.length) return null;
    const scale = (name.startsWith("head") ? 180 / Math.PI : 1) / columns.length, track = this.track;
    return Float32Array.from({length: Math.max(0, end - begin)}, (_, k) => columns.reduce((sum, i) => sum + track.store[(begin + k) * track.nValues + i], 0) * scale);
  }

  summary() {
    const {settings} = this, moods = settings.mix ? Object.keys(settings.mix).join(" + ") : settings.mood || "";
    return [settings.voice ? settings.voice.name : settings.identity, moods, `seed ${settings.seed}`].filter(Boolean).join(", ");
  }

  // As a .json file holds it (docs/output-formats.md).
  document() {
    const {about, track} = this, n = about.channels.length, number = v => Number(v.toPrecision(9));
    const rows = (from, to) => Array.from({length: track.length}, (_, k) => Array.from(track.row(k).subarray(from, to), number));
    const {voice, mood, mix, emotion_strength, head_amount, dials} = this.settings, kept = {...dials};
    if (!voice && (mix || (mood && mood !== about.default_emotion))) kept.emotion = mix || mood;
    if (!voice && emotion_strength !== 1) kept.emotion_strength = emotion_strength;
    if (head_amount !== 1) kept.head_amount = head_amount;
    return {
      format: "diffusiontalker-weights", format_version: 1, fps_num: about.fps[0], fps_den: about.fps[1], n_frames: track.length,
      channels: about.channels, ...(Object.keys(kept).length ? {dials: kept} : {}), weights: rows(0, n),
      ...(about.has_head_pose ? {head_pose: rows(n, n + 3)} : {}),
    };
  }
}
