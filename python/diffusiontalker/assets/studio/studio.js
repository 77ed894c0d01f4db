// What the page does: sounds, takes, playing, recording, saving.

import {MediaClock} from "./client/index.js";
import {Refused, ask, askBytes, askJson} from "./api.js";
import {listTakes} from "./controls.js";
import {Microphone} from "./microphone.js";
import {readHead} from "./rig.js";
import {Sound, base64, readWav} from "./sound.js";
import {Stage} from "./stage.js";
import {Take, plainSettings} from "./takes.js";
import {Timeline} from "./timeline.js";

const WAIT_MS = 250;  // after the last change of a setting
const LIVE_S = 8;  // of the timeline while the microphone is on

export const one = id => document.getElementById(id);

export class Studio extends EventTarget {
  constructor(about) {
    super();
    this.about = about;
    this.takes = [];
    this.chosen = null;
    this.settings = plainSettings(about);  // of the next take, while none is there
    this.microphone = null;
    this.computing = Promise.resolve();
    this.character = null;  // {name, file, fit}
    this.audio = one("sound");
    this.clock = new MediaClock(this.audio);
    this.stage = new Stage(one("views"));
    this.timeline = new Timeline(one("curves"), about.lanes, time => this.seek(time));
    this.audio.addEventListener("ended", () => { if (one("loop").checked) { this.audio.currentTime = 0; this.play(); } });
    for (const kind of ["play", "pause", "ended", "seeked", "loadedmetadata"]) this.audio.addEventListener(kind, () => this.showTransport());
    this.audio.addEventListener("error", () => this.audio.src && this.fault("The browser cannot play this sound."));
    this.step = this.step.bind(this);
    requestAnimationFrame(this.step);
  }

  get current() { return this.chosen ? this.chosen.settings : this.settings; }
  get sound() { return this.chosen?.sound || null; }
  get duration() { return this.sound ? this.sound.duration : 0; }
  get time() { return this.microphone ? this.microphone.shownAt : Math.min(this.clock.time, this.duration); }
  get playing() { return !this.audio.paused && !this.audio.ended; }

  // ---- Messages ----

  say(text) { if (one("say").textContent !== text) one("say").textContent = text; }

  fault(error) {
    if (error?.name === "AbortError") return;
    one("fault").hidden = !error;
    one("fault").querySelector("p").textContent = error?.message || error || "";
    if (error instanceof Refused && error.status === 401) this.dispatchEvent(new Event("token"));
  }

  // Runs what a user asked for; its errors are told.
  async doing(text, work) {
    this.say(text);
    this.fault(null);
    try {
      return await work();
    } catch (error) {
      this.fault(error);
      return null;
    } finally {
      this.say("");
    }
  }

  // ---- Faces ----

  async loadHead(character = null) {
    await this.doing(character ? `Reading ${character.name}\u2026` : "", async () => {
      const path = character?.fit ? "api/head?fit=1" : "api/head";
      const head = await readHead(await askBytes(path, character ? {body: character.file} : {}));
      this.character = character;
      this.stage.setHead(head);
      this.isStale = true;
      this.report = head.report;
      this.dispatchEvent(new Event("face"));
    });
  }

  // ---- Sounds and takes ----

  async openFile(file) {
    if (/\.(glb|vrm)$/i.test(file.name)) return this.loadHead({name: file.name, file, fit: one("fit").checked});
    if (file.size > this.about.max_upload_bytes) return this.fault(`${file.name} is larger than ${this.about.max_upload_bytes >> 20} MB: cut it, or use the command line.`);
    return this.doing(`Reading ${file.name}\u2026`, async () => {
      const {samples, rate} = readWav(await askBytes("api/sound", {body: file}));
      this.stopMicrophone();
      this.addTake(new Sound(file.name, samples, rate), this.current);
    });
  }

  addTake(sound, settings, name) {
    const take = new Take(this.about, sound, settings, name);
    this.takes.push(take);
    take.addEventListener("change", event => this.takeChanged(take, event.detail.changed));
    this.choose(take);
    this.compute(take);
    return take;
  }

  // One take at a time: a small machine serves one session. An earlier wish for the same take is dropped.
  async compute(take) {
    const before = this.computing, wish = take.wish = Symbol("wish");
    take.stop();
    take.become("computing", 0);
    this.computing = (async () => {
      await before;
      if (take.wish === wish && this.takes.includes(take)) await take.compute();
    })();
    await this.computing;
  }

  newTake() {
    if (!this.sound) return;
    this.addTake(this.sound, {...this.current, seed: Math.floor(Math.random() * 2 ** 31)});
    this.showTakes();
  }

  choose(take) {
    const before = this.sound;
    this.chosen = take;
    if (take) take.isShown = true;
    if (this.sound !== before) {
      const time = 0;
      this.audio.pause();
      this.audio.src = this.sound ? this.sound.address : "";
      this.audio.currentTime = time;
      this.audio.playbackRate = Number(one("speed").value);
    }
    this.showTakes();
    this.dispatchEvent(new Event("settings"));
  }

  remove(take) {
    clearTimeout(take.waiting);
    take.stop();
    const at = this.takes.indexOf(take);
    this.takes.splice(at, 1);
    if (this.chosen === take) this.choose(this.takes[Math.min(at, this.takes.length - 1)] || null);
    if (!this.chosen) { this.audio.removeAttribute("src"); this.audio.load(); }
    this.showTakes();
  }

  // A setting of the chosen take: it is computed again, soon.
  change(what) {
    Object.assign(this.current, what);
    this.dispatchEvent(new Event("changed"));
    if (!this.sound) { this.microphone?.client?.style?.(this.liveStyle()); return; }
    const take = this.chosen;
    clearTimeout(take.waiting);
    take.become("computing", 0);
    take.waiting = setTimeout(() => this.compute(take), WAIT_MS);
    this.showTakes();
  }

  // What of the settings changes while the microphone is on.
  liveStyle() {
    const {voice, identity, mood, mix, emotion_strength, dials} = this.current, {offset_ms: _, ...rest} = dials;
    return voice ? {style: voice.style, dials: rest} : {identity, emotion_strength, dials: rest, ...(mix || mood ? {emotion: mix || mood} : {})};
  }

  // Takes of one sound, the chosen one among them.
  get shown() {
    return this.chosen ? this.takes.filter(take => take === this.chosen || (take.isShown && take.sound === this.sound)) : [null];
  }

  takeChanged(take, isNews) {
    this.isStale = true;
    this.timeline.refresh();
    if (take.progress) take.progress.value = take.fraction;
    if (isNews) this.showTakes();
    if (take === this.chosen && take.state === "failed") this.fault(take.error);
  }

  showTakes() {
    const shown = this.microphone ? [this.microphone.take] : this.shown;
    listTakes(one("takes"), this.takes, this.chosen, {
      choose: take => this.choose(take), show: (take, isShown) => { take.isShown = isShown; this.showTakes(); }, remove: take => this.remove(take),
    });
    this.stage.show(shown);
    this.isStale = true;
    this.timeline.set([...shown].filter(Boolean).sort((a, b) => (b === this.chosen) - (a === this.chosen)), this.microphone ? [0, LIVE_S] : [0, Math.max(0.1, this.duration)], this.microphone || this.sound);
    one("soundname").textContent = this.microphone ? "The microphone is on." : this.sound ? `${this.sound.name}, ${this.duration.toFixed(2)} s, ${this.sound.rate} Hz` : "No sound yet.";
    one("newtake").disabled = !this.sound;
    one("save").disabled = !this.sound;
    one("welcome").hidden = Boolean(this.chosen || this.microphone);
    this.showTransport();
  }

  // ---- Playing ----

  play() {
    if (!this.sound) return;
    if (this.time >= this.duration - 1e-3) this.audio.currentTime = 0;
    this.audio.play().catch(error => this.fault(error));
  }

  toggle() { if (this.playing) this.audio.pause(); else this.play(); }

  seek(time) {
    if (!this.sound) return;
    this.audio.currentTime = Math.max(0, Math.min(this.duration, time));
  }

  nudge(frames) {
    const frame = this.about.fps[1] / this.about.fps[0];
    this.seek((Math.round(this.time / frame) + frames) * frame);
  }

  showTransport() {
    const play = one("play");
    play.disabled = one("seek").disabled = !this.sound || Boolean(this.microphone);
    play.classList.toggle("on", this.playing);
    play.setAttribute("aria-label", this.playing ? "Pause" : "Play");
    one("seek").max = this.duration || 1;
    for (const id of ["record", "record2"]) one(id).setAttribute("aria-pressed", String(Boolean(this.microphone)));
    one("record").classList.toggle("on", Boolean(this.microphone));
    one("record").setAttribute("aria-label", this.microphone ? "Stop recording" : "Record the microphone");
    one("record2").textContent = this.microphone ? "Stop" : "Record";
    one("level").hidden = !this.microphone;
  }

  // One picture.
  step() {
    requestAnimationFrame(this.step);
    const time = this.time, live = this.microphone;
    if (live?.rate) {
      const end = Math.max(LIVE_S, live.seconds);
      this.timeline.range = [end - LIVE_S, end];
      this.timeline.refresh();
      one("level").value = live.level;
      this.say("Recording");
    }
    if (time === this.shownTime && !this.isStale && !this.timeline.isStale && !live) return;  // spares the machine
    this.isStale = false;
    this.shownTime = time;
    this.stage.draw((take, out) => take.track.at(time, out));
    this.timeline.draw(time);
    const seek = one("seek");
    seek.value = time;
    if (document.activeElement === seek) seek.setAttribute("aria-valuetext", `${time.toFixed(1)} seconds`);
    one("time").textContent = live ? `${live.seconds?.toFixed(1) || "0.0"} s` : `${time.toFixed(2)} / ${this.duration.toFixed(2)} s`;
  }

  // ---- The microphone ----

  async record(profile) {
    if (this.microphone) { await this.stopMicrophone(); return; }
    this.audio.pause();
    const number = this.takes.filter(take => take.sound?.isRecorded).length + 1;
    const take = new Take(this.about, null, this.current, `Microphone ${number}`);
    const live = this.microphone = new Microphone(take, profile);
    live.addEventListener("over", event => this.recorded(live, event.detail));
    live.addEventListener("fault", event => this.fault(event.detail));
    take.addEventListener("change", () => this.timeline.refresh());
    const before = this.chosen;
    this.chosen = null;
    this.settings = structuredClone(take.settings);
    await this.doing("Waiting for the microphone\u2026", () => live.start().catch(error => {
      this.microphone = null;
      this.chosen = before;
      throw namedFault(error);
    }));
    this.showTakes();
  }

  async stopMicrophone() { await this.microphone?.stop(); }

  recorded(live, sound) {
    this.microphone = null;
    this.say("");
    if (sound) {
      sound.isRecorded = true;
      live.take.sound = sound;
      live.take.settings = {...structuredClone(this.settings), profile: live.profile};
      live.take.addEventListener("change", event => this.takeChanged(live.take, event.detail.changed));
      this.takes.push(live.take);
      live.take.become("done", live.take.track.length);
      this.choose(live.take);
    } else this.showTakes();
  }

  // ---- Voices ----

  // The style of a speaker, in the mood of the settings.
  async enroll(file, settings = this.current) {
    const query = new URLSearchParams({emotion_strength: settings.emotion_strength});
    if (settings.mix) query.set("emotion", Object.entries(settings.mix).map(([name, weight]) => `${name}:${weight}`).join(","));
    else if (settings.mood) query.set("emotion", settings.mood);
    const {style} = await askJson(`/enroll?${query}`, {body: file});
    return {name: file.name.replace(/\.\w+$/, ""), file, style};
  }

  // ---- Saving ----

  async save(form) {
    const take = this.chosen;
    if (!take || !this.sound) return null;
    return this.doing(`Writing .${form}\u2026`, async () => {
      const name = take.sound.name.replace(/\.\w+$/, "") || "take";
      if (form === "wav") return deliver(take.sound.blob, `${name}.wav`);
      if (take.state === "computing") await new Promise(done => take.addEventListener("change", () => take.state !== "computing" && done()));
      const kind = this.about.kinds.find(k => k.ending === form), wish = {animation: take.document(), title: `${take.sound.name}: ${take.name}`};
      if (form === "html" || form === "mp4") wish.sound = await base64(take.sound.blob);
      if (kind.own_head && this.character) Object.assign(wish, {head: await base64(this.character.file), fit: this.character.fit});
      const answer = await ask(`api/export?format=${encodeURIComponent(form)}`, {body: JSON.stringify(wish)});
      return deliver(await answer.blob(), `${name}-${take.number}.${form}`);
    });
  }
}

function deliver(blob, name) {
  const link = Object.assign(document.createElement("a"), {href: URL.createObjectURL(blob), download: name});
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  return {name, blob};
}

function namedFault(error) {
  const told = {
    NotAllowedError: "The browser may not use the microphone: allow it for this page.", NotFoundError: "There is no microphone.",
    NotReadableError: "The microphone is in use by another program.",
  };
  return told[error.name] ? new Error(told[error.name]) : error;
}
