// Frames in order, and the pose of any moment.

const HEADER = 24;  // bytes of a binary message before its weights (docs/server-protocol.md)

// {response, first, timeS, nValues, values} of a binary message. Throws for anything else.
export function readFrames(buffer) {
  const view = new DataView(buffer);
  if (buffer.byteLength < HEADER || view.getUint8(0) !== 1 || view.getUint8(1) !== 1) throw new Error("the message holds no frames of version 1");
  const n = view.getUint16(2, true), nValues = view.getUint16(4, true);
  if (buffer.byteLength !== HEADER + 4 * n * nValues) throw new Error("the message of frames is cut off");
  return {
    response: view.getUint32(8, true), first: view.getUint32(12, true), timeS: view.getFloat64(16, true), nValues,
    values: new Float32Array(buffer, HEADER, n * nValues),
  };
}

export class FaceTrack {
  // nValues: of a frame.   fps: frames a second.
  constructor(nValues, fps) {
    this.nValues = nValues;
    this.fps = fps;
    this.length = 0;  // frames
    this.store = new Float32Array(nValues * 64);
  }

  get duration() { return this.length / this.fps; }

  // Frames from index `first` on. They take the place of those that were there, and those behind are dropped: that is how
  // an interrupt is sent. Throws for a gap.
  add(first, values) {
    const n = values.length / this.nValues;
    if (first > this.length) throw new Error(`frame ${first} came, and ${this.length} is the next`);
    const wanted = (first + n) * this.nValues;
    if (wanted > this.store.length) {
      const larger = new Float32Array(Math.max(wanted, 2 * this.store.length));
      larger.set(this.store.subarray(0, this.length * this.nValues));
      this.store = larger;
    }
    this.store.set(values, first * this.nValues);
    this.length = first + n;
  }

  // A frame as it is, a view.
  row(k) { return this.store.subarray(k * this.nValues, (k + 1) * this.nValues); }

  // One value of all frames.
  column(i) { return Float32Array.from({length: this.length}, (_, k) => this.store[k * this.nValues + i]); }

  // The pose at a time, on the straight line between two frames; the first one before them, the last one behind them, and
  // rest without any.   out: Float32Array [nValues] that is filled and returned.
  at(seconds, out = new Float32Array(this.nValues)) {
    if (!this.length) return out.fill(0);
    const place = Math.max(0, Math.min(this.length - 1, seconds * this.fps)), k = Math.min(Math.floor(place + 1e-6), this.length - 1);
    const next = Math.min(k + 1, this.length - 1), u = Math.max(0, place - k), w = this.nValues, all = this.store;
    for (let i = 0; i < w; i++) out[i] = u < 1e-6 ? all[k * w + i] : (1 - u) * all[k * w + i] + u * all[next * w + i];
    return out;
  }
}
