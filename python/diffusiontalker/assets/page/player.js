// The clock, the controls and the curves. The sound is the clock where there is one.

class Player {
  constructor(document_, array, viewers, sound) {
    this.document = document_;
    this.takes = document_.takes.map(take => ({
      ...take,
      weights: Object.fromEntries(Object.entries(take.weights).map(([node, ref]) => [node, array(ref)])),
      moves: array(take.moves),
    }));
    this.viewers = viewers;
    this.sound = sound;
    this.seconds = document_.duration_s;
    this.lanes = document_.lanes.map(lane => ({
      ...lane, curves: lane.curves.map(curve => ({...curve, values: curve.values.map(ref => ref && array(ref))})),
    }));
    this.wave = document_.wave && array(document_.wave);
    this.still = {at: 0, since: null, speed: 1};  // the clock without a sound
    this.one = id => document.getElementById(id);
    this.one("seek").max = this.seconds;
    if (sound) sound.addEventListener("error", () => fault(`The sound cannot be played: ${sound.error.message}.`));
    this.listen();
    const begin = /[#&]t=([\d.]+)/.exec(location.hash);  // page.html#t=1.5
    if (begin) this.seek(Number(begin[1]));
    else this.show();
  }

  get time() {
    if (this.sound) return Math.min(this.sound.currentTime, this.seconds);
    const run = this.still.since === null ? 0 : (performance.now() - this.still.since) / 1000 * this.still.speed;
    return Math.min(this.still.at + run, this.seconds);
  }

  get speed() { return Number(this.one("speed").value); }

  get playing() { return this.sound ? !this.sound.paused && !this.sound.ended : this.still.since !== null; }

  seek(time) {
    const there = Math.max(0, Math.min(this.seconds, time));
    if (this.sound) this.sound.currentTime = there;
    this.still = {...this.still, at: there, since: this.still.since === null ? null : performance.now()};
    this.show(there);
  }

  play() {
    if (this.time >= this.seconds - 1e-3) this.seek(0);
    if (this.sound) {
      this.sound.playbackRate = this.speed;
      this.sound.play().catch(error => fault(`The sound cannot be played: ${error.message}.`));
    } else this.still = {at: this.time, since: performance.now(), speed: this.speed};
    this.tick();
  }

  pause() {
    if (this.sound) this.sound.pause();
    this.still = {...this.still, at: this.time, since: null};
    this.show();
  }

  tick() {
    this.show();
    if (this.time >= this.seconds - 1e-3 || (this.sound && this.sound.ended)) {
      if (this.one("loop").checked) { this.seek(0); this.play(); } else this.pause();
      return;
    }
    if (this.playing || (this.sound && !this.sound.paused)) requestAnimationFrame(() => this.tick());
    else this.show();
  }

  // Weights of the nodes and moves of the bones at a time, on the straight line between two frames.
  state(take, time) {
    const place = Math.max(0, Math.min(take.n_frames - 1, (time + take.offset_s) * take.fps)), k = Math.min(Math.floor(place + 1e-6), take.n_frames - 1);
    const next = Math.min(k + 1, take.n_frames - 1), u = Math.max(0, place - k);
    const between = (all, size) => Float32Array.from({length: size}, (_, i) =>
      u < 1e-6 ? all[k * size + i] : (1 - u) * all[k * size + i] + u * all[next * size + i]);
    const weights = Object.fromEntries(Object.entries(take.weights).map(([node, all]) => [node, between(all, all.length / take.n_frames)]));
    return {frame: k, weights, moves: between(take.moves, take.moves.length / take.n_frames)};
  }

  show(time = this.time) {
    this.states = this.takes.map(take => this.state(take, time));
    this.states.forEach((state, i) => this.viewers[i].pose(state.weights, state.moves));
    this.one("seek").value = time;
    this.one("time").textContent = `${time.toFixed(2)} / ${this.seconds.toFixed(2)} s, frame ${this.states[0].frame}`;
    this.one("play").textContent = this.playing ? "\u275A\u275A" : "\u25B6";
    this.one("play").setAttribute("aria-label", this.playing ? "Pause" : "Play");
    this.plot(time);
  }

  plot(time) {
    const canvas = this.one("curves"), dots = Math.min(window.devicePixelRatio || 1, 2), high = 64;
    canvas.style.height = `${high * this.lanes.length}px`;
    const width = canvas.clientWidth, height = high * this.lanes.length;
    canvas.width = width * dots;
    canvas.height = height * dots;
    const pen = canvas.getContext("2d"), style = getComputedStyle(document.documentElement), ink = name => style.getPropertyValue(`--${name}`);
    pen.scale(dots, dots);
    pen.font = "11px system-ui, sans-serif";
    if (this.wave) this.plotWave(pen, width, high, ink("wave"));
    this.lanes.forEach((lane, row) => {
      const top = row * high, [low, top_] = lane.range, y = v => top + high - 4 - (high - 20) * (Math.max(low, Math.min(top_, v)) - low) / (top_ - low || 1);
      pen.strokeStyle = ink("faint");
      pen.beginPath(); pen.moveTo(0, y(0)); pen.lineTo(width, y(0)); pen.stroke();
      let left = 4;
      lane.curves.forEach((curve, i) => {
        pen.strokeStyle = pen.fillStyle = ink(`c${i % 4}`);
        curve.values.forEach((values, t) => values && this.line(pen, values, this.takes[t], width, y, t));
        pen.fillText(curve.name, left, top + 11);
        left += pen.measureText(curve.name).width + 12;
      });
    });
    pen.strokeStyle = ink("ink");
    const x = time / this.seconds * width;
    pen.setLineDash([]);
    pen.beginPath(); pen.moveTo(x, 0); pen.lineTo(x, height); pen.stroke();
  }

  line(pen, values, take, width, y, dashed) {
    pen.setLineDash(dashed ? [4, 3] : []);
    pen.lineWidth = 1.5;
    pen.beginPath();
    const step = Math.max(1, Math.floor(values.length / (2 * width)));
    for (let k = 0; k < values.length; k += step) pen.lineTo((k / take.fps - take.offset_s) / this.seconds * width, y(values[k]));
    pen.stroke();
    pen.lineWidth = 1;
    pen.setLineDash([]);
  }

  plotWave(pen, width, high, color) {
    pen.strokeStyle = color;
    pen.beginPath();
    for (let x = 0; x < width; x++) {
      const reach = this.wave[Math.floor(x / width * this.wave.length)] * (high - 24) / 2, middle = high / 2 + 6;
      pen.moveTo(x + 0.5, middle - reach);
      pen.lineTo(x + 0.5, middle + reach + 1);
    }
    pen.stroke();
  }

  listen() {
    const toggle = () => this.playing ? this.pause() : this.play();
    this.one("play").addEventListener("click", toggle);
    this.one("seek").addEventListener("input", e => this.seek(Number(e.target.value)));
    this.one("speed").addEventListener("change", () => {
      if (this.sound) this.sound.playbackRate = this.speed;
      else this.still = {at: this.time, since: this.playing ? performance.now() : null, speed: this.speed};
    });
    const there = e => this.seek((e.clientX - this.one("curves").getBoundingClientRect().left) / this.one("curves").clientWidth * this.seconds);
    this.one("curves").addEventListener("pointerdown", there);
    this.one("curves").addEventListener("pointermove", e => e.buttons && there(e));
    document.addEventListener("keydown", e => {
      if (e.ctrlKey || e.metaKey || e.altKey || e.target.tagName === "SELECT") return;
      const frame = 1 / this.takes[0].fps, now = Math.round(this.time / frame) * frame;
      const act = {
        " ": () => e.target.id === "play" || toggle(), ArrowLeft: () => this.seek(now - frame), ArrowRight: () => this.seek(now + frame),
        Home: () => this.seek(0), End: () => this.seek(this.seconds),
        r: () => this.viewers.forEach(v => { v.reset(); v.draw(); }),
      }[e.key.length === 1 ? e.key.toLowerCase() : e.key];
      if (!act) return;
      if (!(e.key === " " && e.target.id === "play")) e.preventDefault();
      act();
    });
    window.addEventListener("resize", () => this.show());
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.show());
  }
}

function fault(text) {
  Object.assign(document.getElementById("fault"), {textContent: text, hidden: false});
}

async function bytesOf(text) {
  const packed = Uint8Array.from(atob(text), c => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}

async function start() {
  const page = JSON.parse(document.getElementById("document").textContent);
  if (typeof DecompressionStream === "undefined") throw new Error("this browser is too old, a version of 2023 or later shows the page");
  const data = await bytesOf(document.getElementById("bytes").textContent);
  const kinds = {f4: Float32Array, u4: Uint32Array};
  const array = ([kind, begin, n]) => new kinds[kind](data, begin, n);
  const file = ({kind, begin, size}) => new Blob([new Uint8Array(data, begin, size)], {type: kind});
  const pictures = await Promise.all(page.pictures.map(p => createImageBitmap(file(p), {premultiplyAlpha: "none", colorSpaceConversion: "none"})));
  if (page.takes.length > 1) document.getElementById("views").className = "several";
  const viewers = page.takes.map(take => {
    const frame = document.createElement("figure"), canvas = document.createElement("canvas"), name = document.createElement("figcaption");
    name.textContent = page.takes.length > 1 ? take.name : "";
    frame.append(canvas, name);
    document.getElementById("views").append(frame);
    return new Viewer(canvas, page.figures[take.figure], array, pictures);
  });
  const sound = page.sound && Object.assign(new Audio(URL.createObjectURL(file(page.sound))), {preload: "auto"});
  window.player = new Player(page, array, viewers, sound);
}

start().catch(error => fault(`The page cannot be shown: ${error.message}.`));
