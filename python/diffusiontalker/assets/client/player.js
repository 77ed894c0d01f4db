// Shows the pose of the moment in every picture.

export class FacePlayer {
  // track: FaceTrack, or a function that gives the one of now.   clock: has `time`.   show: called with the values of the
  // pose, Float32Array, and the time in seconds, once a picture.
  constructor(track, clock, show) {
    this.track = typeof track === "function" ? track : () => track;
    this.clock = clock;
    this.show = show;
    this.values = null;
    this.request = null;
  }

  start() {
    if (this.request !== null) return;
    const step = () => {
      this.request = requestAnimationFrame(step);
      this.draw();
    };
    this.request = requestAnimationFrame(step);
  }

  stop() {
    cancelAnimationFrame(this.request);
    this.request = null;
  }

  draw() {
    const track = this.track(), time = this.clock.time;
    if (!track) return;
    if (!this.values || this.values.length !== track.nValues) this.values = new Float32Array(track.nValues);
    this.show(track.at(time, this.values), time);
  }
}
