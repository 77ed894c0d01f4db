// The sound and the curves over time. What changes seldom is drawn once; the line of the moment lies above it.

const WAVE = 0.22;  // share of the height

export class Timeline {
  // canvas: to draw on.   lanes: name -> curves.   onSeek: called with seconds.
  constructor(canvas, lanes, onSeek) {
    this.canvas = canvas;
    this.lanes = Object.entries(lanes);
    this.under = document.createElement("canvas");
    this.takes = [];
    this.range = [0, 1];
    this.time = 0;
    this.isStale = true;
    this.wave = null;
    const there = event => {
      const box = canvas.getBoundingClientRect();
      onSeek(this.range[0] + (event.clientX - box.left) / box.width * (this.range[1] - this.range[0]));
    };
    canvas.addEventListener("pointerdown", event => { canvas.setPointerCapture(event.pointerId); there(event); });
    canvas.addEventListener("pointermove", event => event.buttons && there(event));
    new ResizeObserver(() => this.refresh()).observe(canvas);
  }

  // takes: the chosen one first.   range: seconds at both ends.   sound: has peaks(), or null.
  set(takes, range, sound) {
    Object.assign(this, {takes, range, sound});
    this.refresh();
  }

  refresh() { this.isStale = true; }

  draw(time) {
    this.time = time;
    const canvas = this.canvas, dots = Math.min(window.devicePixelRatio || 1, 2);
    const width = Math.round(canvas.clientWidth * dots), height = Math.round(canvas.clientHeight * dots);
    if (!width || !height) return;
    if (canvas.width !== width || canvas.height !== height) { Object.assign(canvas, {width, height}); this.isStale = true; }
    if (this.isStale) this.drawUnder(width, height, dots);
    const pen = canvas.getContext("2d"), x = (time - this.range[0]) / (this.range[1] - this.range[0]) * width;
    pen.clearRect(0, 0, width, height);
    pen.drawImage(this.under, 0, 0);
    if (!this.takes.length) return;
    pen.fillStyle = this.ink("accent");
    pen.fillRect(Math.round(x) - dots, 0, 2 * dots, height);
  }

  ink(name) { return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`); }

  drawUnder(width, height, dots) {
    this.isStale = false;
    Object.assign(this.under, {width, height});
    const pen = this.under.getContext("2d"), wide = width / dots, high = height / dots;
    pen.scale(dots, dots);
    pen.font = "11px system-ui, sans-serif";
    const waveHigh = high * WAVE, laneHigh = (high - waveHigh) / this.lanes.length;
    if (this.sound) this.drawWave(pen, wide, waveHigh);
    if (!this.takes.length) return;
    this.drawSeconds(pen, wide, waveHigh);
    this.lanes.forEach(([name, curves], row) => this.drawLane(pen, name, curves, waveHigh + row * laneHigh, laneHigh, wide));
  }

  drawWave(pen, wide, high) {
    const peaks = this.sound.peaks(this.range[0], this.range[1], Math.floor(wide)), most = Math.max(0.05, ...peaks);
    pen.fillStyle = this.ink("wave");
    peaks.forEach((peak, x) => { const reach = Math.max(0.5, peak / most * (high - 8) / 2); pen.fillRect(x, high / 2 - reach, 1, 2 * reach); });
  }

  drawSeconds(pen, wide, high) {
    const [from, to] = this.range, steps = [0.5, 1, 2, 5, 10, 30, 60, 120], step = steps.find(s => (to - from) / s < wide / 60) || 300;
    pen.fillStyle = this.ink("soft");
    for (let t = Math.ceil(from / step) * step; t < to; t += step) {
      const x = (t - from) / (to - from) * wide;
      pen.fillRect(x, high - 4, 1, 4);
      if (x > 2 && x < wide - 30) pen.fillText(`${Number(t.toFixed(1))}`, x + 3, high - 2);
    }
  }

  drawLane(pen, name, curves, top, high, wide) {
    const found = curves.map(curve => this.takes.map(take => take.curve(curve, ...this.frames(take)))), all = found.flat().filter(Boolean);
    const most = Math.max(name === "head" ? 5 : 0.5, ...all.map(c => c.reduce((m, v) => Math.max(m, Math.abs(v)), 0)));
    const zero = name === "head" ? top + high / 2 : top + high - 4, scale = (name === "head" ? high / 2 : high - 14) / most;
    pen.fillStyle = this.ink("line");
    pen.fillRect(0, Math.round(top), wide, 1);
    let left = 4;
    curves.forEach((curve, i) => {
      pen.fillStyle = pen.strokeStyle = this.ink(`c${i % 4}`);
      found[i].forEach((values, t) => values && this.drawCurve(pen, values, this.takes[t], wide, v => zero - v * scale, t > 0));
      pen.fillText(label(curve), left, top + 12);
      left += pen.measureText(label(curve)).width + 12;
    });
  }

  // First frame of a take that is seen, and the one behind the last.
  frames(take) {
    const {fps, length} = take.track;
    return [Math.max(0, Math.min(length, Math.floor(this.range[0] * fps) - 1)), Math.min(length, Math.ceil(this.range[1] * fps) + 1)];
  }

  drawCurve(pen, values, take, wide, y, dashed) {
    const [from, to] = this.range, [begin] = this.frames(take), step = Math.max(1, Math.floor(values.length / (2 * wide)));
    pen.setLineDash(dashed ? [4, 3] : []);
    pen.lineWidth = 1.4;
    pen.beginPath();
    for (let k = 0; k < values.length; k += step) pen.lineTo(((begin + k) / take.track.fps - from) / (to - from) * wide, y(values[k]));
    pen.stroke();
    pen.setLineDash([]);
  }
}

const label = curve => ({headYaw: "yaw\u00b0", headPitch: "pitch\u00b0", headRoll: "roll\u00b0"})[curve] || curve;
