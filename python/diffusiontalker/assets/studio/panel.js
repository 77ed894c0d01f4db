// The panel: settings of the chosen take, lists, and the buttons beside them.

import {chips, dial, dialName, fill} from "./controls.js";
import {one} from "./studio.js";

export class Panel {
  constructor(studio) {
    this.studio = studio;
    this.voices = [];
    const {about} = studio;
    this.makeLists(about);
    this.makeMoods(about);
    this.makeDials(about);
    this.listen();
    studio.addEventListener("settings", () => this.show());
    studio.addEventListener("face", () => this.showFace());
    this.show();
  }

  makeLists(about) {
    const profiles = Object.entries(about.profiles).map(([name, ms]) => [name, `${name}, ${Math.floor(ms)} ms`]);
    fill(one("profile"), profiles);
    const live = profiles.filter(([name]) => name !== about.default_profile);
    fill(one("live"), live.length ? live : profiles, about.profiles.live ? "live" : undefined);
    const groups = {"for tools": ["glb", "vrma", "usda", "usdc", "csv", "json", "npz"]}, known = about.kinds.map(k => k.ending);
    const entry = ending => { const kind = about.kinds.find(k => k.ending === ending); return [ending, `.${ending}: ${kind.holds}`, !kind.ready]; };
    const first = groups["for tools"].filter(e => known.includes(e)), seen = ["html", "mp4"], rest = known.filter(e => !first.includes(e) && !seen.includes(e));
    fill(one("format"), [["To animate", first.map(entry)], ["To show", seen.map(entry)], ["More", rest.map(entry)], ["The sound", [["wav", ".wav: the sound of the take"]]]], "glb");
  }

  makeMoods(about) {
    const {studio} = this;
    one("moods").hidden = !about.emotions.length;
    one("mixing").hidden = about.emotions.length < 3;
    this.mood = chips(one("moods"), "mood", about.emotions, name => this.mooded({mood: name, mix: null}));
    this.strength = dial({label: "Strength", range: [0, 2], value: 1, onChange: v => this.mooded({emotion_strength: v})});
    if (about.emotions.length) one("strength").append(this.strength.element);
    this.mix = about.emotions.filter(name => name !== about.default_emotion).map(name => {
      const made = dial({label: name, range: [0, 1], value: 0, onChange: () => this.mixed()});
      one("mix").append(made.element);
      return [name, made];
    });
    this.head = dial({label: "Head movement", range: [0, 2], value: 1, onChange: v => studio.change({head_amount: v})});
    if (about.has_head_pose) one("head").append(this.head.element);
  }

  makeDials(about) {
    const {studio} = this;
    this.dials = about.dials.map(({name, range, default: plain, whole}) => {
      const made = dial({label: dialName(name), range, value: plain, plain, whole, onChange: value => {
        const dials = {...studio.current.dials, [name]: value};
        if (value === plain) delete dials[name];
        studio.change({dials});
      }});
      one("dials").append(made.element);
      return [name, made, plain];
    });
    one("resetdials").addEventListener("click", () => { studio.change({dials: {}}); this.show(); });
  }

  mixed() {
    const weights = this.mix.map(([name, made]) => [name, made.value]).filter(([, weight]) => weight > 0);
    const sum = weights.reduce((total, [, weight]) => total + weight, 0), scale = sum > 2 ? 2 / sum : 1;
    this.mooded(weights.length ? {mix: Object.fromEntries(weights.map(([name, w]) => [name, Math.floor(w * scale * 1e4) / 1e4]))} : {mix: null, mood: this.studio.about.default_emotion});
  }

  // A learned voice holds its mood: it is asked for again.
  async mooded(what) {
    const {studio} = this, {voice} = {...studio.current};
    if (!voice) { studio.change(what); this.show(); return; }
    Object.assign(studio.current, what);
    this.show();
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.learn(voice.file, voice.name), 250);
  }

  async learn(file, name) {
    const {studio} = this, settings = studio.current;
    const voice = await studio.doing(`Learning the voice of ${file.name}\u2026`, () => studio.enroll(file, settings));
    if (!voice) return;
    voice.name = name || voice.name;
    if (!this.voices.some(v => v.file === file)) this.voices.push(voice);
    if (settings === studio.current) studio.change({voice});
    this.show();
  }

  // Settings of the chosen take into the widgets.
  show() {
    const {about, current} = this.studio;
    fill(one("identity"), [["Identities", about.identities.map(n => [n, n])], ...(this.voices.length ? [["Learned voices", this.voices.map((v, i) => [`voice ${i}`, v.name])]] : [])]);
    const voice = current.voice ? this.voices.findIndex(v => v.file === current.voice.file) : -1;
    one("identity").value = voice >= 0 ? `voice ${voice}` : current.identity;
    this.mood.value = current.mix ? null : current.mood;
    this.strength.value = current.emotion_strength;
    for (const [name, made] of this.mix) made.value = current.mix?.[name] || 0;
    this.head.value = current.head_amount;
    for (const [name, made, plain] of this.dials) made.value = current.dials[name] ?? plain;
    one("seed").value = current.seed;
    one("profile").value = current.profile;
  }

  showFace() {
    const {character, report} = this.studio;
    const bones = report?.bones.length ? `, bones: ${report.bones.join(", ")}` : "";
    one("facename").textContent = character ? `${character.name}: ${report.n_moving} targets move${bones}${report.turns_head ? "" : ", the head stays still"}. ${report.notes.join(" ")}` : "The built-in head.";
    one("builtin").hidden = !character;
  }

  listen() {
    const {studio} = this;
    one("identity").addEventListener("change", event => {
      const value = event.target.value, voice = value.startsWith("voice ") ? this.voices[Number(value.slice(6))] : null;
      if (voice) this.learn(voice.file, voice.name);
      else studio.change({identity: value, voice: null});
    });
    one("seed").addEventListener("change", event => {
      const seed = Math.floor(Math.abs(Number(event.target.value)));
      studio.change({seed: Number.isSafeInteger(seed) ? seed : 0});
      this.show();
    });
    one("dice").addEventListener("click", () => { studio.change({seed: Math.floor(Math.random() * 2 ** 31)}); this.show(); });
    one("profile").addEventListener("change", event => studio.change({profile: event.target.value}));
    one("newtake").addEventListener("click", () => studio.newTake());
    one("save").addEventListener("click", () => studio.save(one("format").value));
    one("enroll").hidden = !studio.about.enroll_range_ms;
    this.picker("enroll", "voice", file => this.learn(file));
    this.picker("own", "character", file => studio.loadHead({name: file.name, file, fit: one("fit").checked}));
    one("builtin").addEventListener("click", () => studio.loadHead());
    one("fit").addEventListener("change", () => studio.character && studio.loadHead({...studio.character, fit: one("fit").checked}));
  }

  // A button that opens the file dialog of an input.
  picker(button, input, take) {
    one(button).addEventListener("click", () => one(input).click());
    one(input).addEventListener("change", event => {
      const [file] = event.target.files;
      event.target.value = "";
      if (file) take(file);
    });
  }
}
