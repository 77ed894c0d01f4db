// Sound as samples, and samples as WAV.

// {rate, samples: Int16Array} of a WAV of one channel with 16 bits, as the server makes it.
export function readWav(buffer) {
  const view = new DataView(buffer);
  let rate = 0;
  for (let at = 12; at + 8 <= buffer.byteLength;) {
    const name = String.fromCharCode(...new Uint8Array(buffer, at, 4)), size = view.getUint32(at + 4, true);
    if (name === "fmt ") rate = view.getUint32(at + 12, true);
    if (name === "data") return {rate, samples: new Int16Array(buffer.slice(at + 8, at + 8 + 2 * Math.floor(Math.min(size, buffer.byteLength - at - 8) / 2)))};
    at += 8 + size + (size & 1);
  }
  throw new Error("the sound holds no samples");
}

export function wavOf(samples, rate) {
  const head = new DataView(new ArrayBuffer(44)), text = (at, s) => [...s].forEach((c, i) => head.setUint8(at + i, c.charCodeAt(0)));
  const size = 2 * samples.length;
  text(0, "RIFF"); head.setUint32(4, 36 + size, true); text(8, "WAVEfmt ");
  head.setUint32(16, 16, true); head.setUint16(20, 1, true); head.setUint16(22, 1, true);
  head.setUint32(24, rate, true); head.setUint32(28, 2 * rate, true); head.setUint16(32, 2, true); head.setUint16(34, 16, true);
  text(36, "data"); head.setUint32(40, size, true);
  return new Blob([head, samples], {type: "audio/wav"});
}

export class Sound {
  constructor(name, samples, rate) {
    this.name = name;
    this.samples = samples;
    this.rate = rate;
    this.duration = samples.length / rate;
    this.blob = wavOf(samples, rate);
    this.address = URL.createObjectURL(this.blob);
  }

  // Loudest samples 0..1 in equal parts of the time from..to, in seconds.
  peaks(from, to, columns) {
    const out = new Float32Array(columns), step = (to - from) * this.rate / columns;
    for (let c = 0; c < columns; c++) {
      const begin = Math.max(0, Math.floor(from * this.rate + c * step)), end = Math.min(this.samples.length, Math.max(begin + 1, Math.floor(from * this.rate + (c + 1) * step)));
      const stride = Math.max(1, Math.floor((end - begin) / 200));
      for (let i = begin; i < end; i += stride) out[c] = Math.max(out[c], Math.abs(this.samples[i]) / 32768);
    }
    return out;
  }
}

export async function base64(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = "";
  for (let i = 0; i < bytes.length; i += 32768) text += String.fromCharCode(...bytes.subarray(i, i + 32768));
  return btoa(text);
}
