// Clocks of sound: seconds that the listener has heard. The face follows them.

const MOST_AHEAD_S = 0.03;  // some browsers move currentTime in steps: between them the machine's clock goes on so far

// Of an <audio> or <video>.
export class MediaClock {
  constructor(element) {
    this.element = element;
    this.seen = -1;
    this.since = 0;
  }

  get time() {
    const media = this.element, now = performance.now() / 1000;
    if (media.currentTime !== this.seen) {
      this.seen = media.currentTime;
      this.since = now;
    }
    if (media.paused || media.ended || media.seeking) return this.seen;
    return this.seen + Math.min(MOST_AHEAD_S, (now - this.since) * media.playbackRate);
  }
}

// Of an AudioContext in which a sound began at `startedAt`, by its currentTime. What the device has not played counts.
export class ContextClock {
  constructor(context, startedAt = context.currentTime) {
    this.context = context;
    this.startedAt = startedAt;
  }

  get time() { return Math.max(0, this.context.currentTime - this.startedAt - (this.context.outputLatency || 0)); }
}

// Plays pieces of sound one behind the other, as a synthesiser gives them, and is the clock of what was heard.
export class SoundQueue {
  constructor(context) {
    this.context = context;
    this.endsAt = 0;  // by the context's clock
    this.queuedS = 0;  // seconds of sound in all
    this.sources = new Set();
  }

  // samples: Float32Array.   rate: Hz.
  add(samples, rate) {
    const buffer = this.context.createBuffer(1, samples.length, rate), source = this.context.createBufferSource();
    buffer.copyToChannel(samples, 0);
    source.buffer = buffer;
    source.connect(this.context.destination);
    const at = Math.max(this.endsAt, this.context.currentTime + 0.02);
    source.start(at);
    this.sources.add(source);
    source.onended = () => this.sources.delete(source);
    this.endsAt = at + buffer.duration;
    this.queuedS += buffer.duration;
  }

  // Seconds of the sound that were heard; they stand still while nothing is there to play.
  get time() {
    const left = Math.max(0, this.endsAt - this.context.currentTime + (this.context.outputLatency || 0));
    return Math.max(0, this.queuedS - left);
  }

  // Stops at once. Seconds that were heard.
  stop() {
    const heard = this.time;
    for (const source of this.sources) source.stop();
    this.sources.clear();
    this.queuedS = heard;
    this.endsAt = 0;
    return heard;
  }
}
