// A session of the server: sound out, frames in; it comes back by itself when the connection is lost.

import {FaceTrack, readFrames} from "./track.js";

const FIRST_WAIT_MS = 500, LONGEST_WAIT_MS = 8000;
const PIECE_S = 0.25;  // of sound in one message
const PING_MS = 15000;  // keeps proxies from closing a silent session

export class ServerError extends Error {
  // code: as docs/server-protocol.md lists them.
  constructor(code, message) {
    super(message);
    this.name = "ServerError";
    this.code = code;
  }
}

// Events: `session` (detail: the session), `state` (detail: the state), `frames` (detail: {response, first, n}),
// `done` (detail: {response, reason}), `error` (detail: Error). A response is {number, startS, track, isDone}; startS are
// the seconds of sound that were pushed before it.
export class FaceClient extends EventTarget {
  // address: such as ws://127.0.0.1:8765/v1/stream.   token: of the server, or null.   settings: of the session.
  // reconnects: whether a lost connection is tried again.   WebSocket: another class than the browser's.
  constructor(address, {token = null, settings = {}, reconnects = true, WebSocket = globalThis.WebSocket} = {}) {
    super();
    this.address = address;
    this.token = token;
    this.settings = {format: "binary", ...settings};
    this.reconnects = reconnects;
    this.state = "closed";  // closed, connecting, open, waiting
    this.session = null;
    this.responses = new Map();  // number -> response, of this connection
    this.pushedS = 0;  // seconds of sound since the client was made
    this.Socket = WebSocket;
    this.socket = null;
    this.stretch = null;  // the response that sound goes into
    this.nStretches = 0;
    this.wait = FIRST_WAIT_MS;
    this.timer = null;
    this.pinging = null;
    // Browsers keep a page that was left for the way back, and its session would live on.
    this.leave = () => this.socket?.close(1000);
  }

  // Resolves with the session when it is open; rejects when the first try fails.
  open() {
    if (this.state === "open") return Promise.resolve(this.session);
    return new Promise((resolve, reject) => {
      const end = (act, value) => { this.removeEventListener("session", good); this.removeEventListener("state", bad); act(value); };
      const good = event => end(resolve, event.detail);
      const bad = event => { if (event.detail !== "connecting" && event.detail !== "open") end(reject, this.fault()); };
      this.addEventListener("session", good);
      this.addEventListener("state", bad);
      if (this.state !== "connecting") this.connect();
    });
  }

  close() {
    this.reconnects = false;
    clearTimeout(this.timer);
    clearInterval(this.pinging);
    this.timer = null;
    globalThis.removeEventListener?.("pagehide", this.leave);
    const socket = this.socket;
    this.socket = null;
    if (socket && socket.readyState <= 1) socket.close(1000);
    this.become("closed");
  }

  // Samples of one channel: Float32Array -1..1 or Int16Array, at settings.sample_rate. False while there is no session:
  // they are dropped.
  push(samples) {
    const data = samples instanceof Int16Array ? samples : toInt16(samples);
    if (this.state !== "open") return false;
    if (!this.stretch) {
      this.stretch = {number: ++this.nStretches, startS: this.pushedS, track: new FaceTrack(this.session.channels.length, this.session.fps), isDone: false};
      this.responses.set(this.stretch.number, this.stretch);
    }
    this.pushedS += data.length / this.session.sample_rate;
    this.socket.send(data);
    return true;
  }

  // Ends the response: its last frames come, and ease to rest.
  flush() {
    this.stretch = null;
    this.send({type: "flush"});
  }

  // Drops sound and frames that wait; the mouth goes to rest from the frame that is shown.
  interrupt({easeMs = 200, shownFrame} = {}) {
    this.stretch = null;
    this.send({type: "interrupt", ease_ms: easeMs, ...(shownFrame === undefined ? {} : {shown_frame: shownFrame})});
  }

  // identity, emotion, emotion_strength, style, dials: from the next window on.
  style(wanted, blendMs = 300) {
    Object.assign(this.settings, wanted);
    this.send({type: "style", ...wanted, blend_ms: blendMs});
  }

  // Any settings; profile, seed and head_amount are fixed by the first sound.
  update(settings) {
    Object.assign(this.settings, settings);
    this.send({type: "session.update", session: settings});
  }

  // A whole sound, no faster than the server takes it. Resolves with its response when all frames are there. When the
  // connection is lost, the sound is sent again: a seed gives the same frames.   signal: AbortSignal.
  async speak(samples, {signal} = {}) {
    if (this.state === "closed") await this.open();
    for (;;) {
      while (this.state !== "open") {
        await this.happened("session", signal);
        if (this.state === "closed") throw this.fault();
      }
      const response = await this.speakOnce(samples, signal);
      if (response) return response;
      if (this.state === "closed") throw this.fault();
    }
  }

  async speakOnce(samples, signal) {
    const session = this.session, id = session.id, rate = session.sample_rate, piece = Math.ceil(rate * PIECE_S);
    const aheadS = Math.max(2, Math.min(30, session.max_buffered_ms / 2000));
    let response = null;
    for (let i = 0; i < samples.length; i += piece) {
      const part = samples.subarray(i, i + piece);
      while (response && this.session?.id === id && i / rate - response.track.duration > aheadS) await this.happened("frames", signal);
      if (this.session?.id !== id || !this.push(part)) return null;
      response = response || this.stretch;
    }
    this.flush();
    while (response && !response.isDone) {
      await this.happened("done", signal);
      if (this.session?.id !== id) return null;
    }
    return response;
  }

  // The next event of a kind, or a change of the state.
  happened(kind, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) { reject(signal.reason); return; }
      const end = act => () => {
        for (const name of [kind, "state"]) this.removeEventListener(name, good);
        signal?.removeEventListener("abort", bad);
        act(signal?.reason);
      };
      const good = end(resolve), bad = end(reject);
      for (const name of [kind, "state"]) this.addEventListener(name, good);
      signal?.addEventListener("abort", bad);
    });
  }

  // ---- The connection ----

  connect() {
    const address = new URL(this.address);
    if (this.token) address.searchParams.set("token", this.token);
    this.problem = null;
    clearTimeout(this.timer);
    globalThis.addEventListener?.("pagehide", this.leave);
    this.become("connecting");
    const socket = this.socket = new this.Socket(address.href);
    socket.binaryType = "arraybuffer";
    socket.onmessage = event => { if (socket === this.socket) this.take(event.data); };
    socket.onclose = event => { if (socket === this.socket) this.lost(event); };
  }

  lost(event) {
    this.socket = this.session = this.stretch = null;
    clearInterval(this.pinging);
    this.closing = event;
    if (!this.reconnects) { this.become("closed"); return; }
    this.become("waiting");
    this.timer = setTimeout(() => this.connect(), this.wait);
    this.wait = Math.min(2 * this.wait, LONGEST_WAIT_MS);
  }

  fault() {
    if (this.problem) return this.problem;
    const why = this.closing?.reason || "the token is wrong, all streams are in use, or no server is there";
    return new ServerError("closed", `the server gives no session: ${why}`);
  }

  become(state) {
    if (this.state === state) return;
    this.state = state;
    this.tell("state", state);
  }

  tell(kind, detail) { this.dispatchEvent(new CustomEvent(kind, {detail})); }

  send(message) { if (this.socket?.readyState === 1) this.socket.send(JSON.stringify(message)); }

  // ---- Messages ----

  take(data) {
    if (typeof data !== "string") { this.takeFrames(readFrames(data)); return; }
    const event = JSON.parse(data);
    if (event.type === "session.created") {
      this.session = event.session;
      this.send({type: "session.update", session: this.settings});
    } else if (event.type === "session.updated") this.takeSession(event.session);
    else if (event.type === "response.animation_blendshapes.delta") {
      const number = Number(event.response_id.split("_").at(-1));
      this.takeFrames({response: number, first: event.frame_index, nValues: event.frames[0].length, values: Float32Array.from(event.frames.flat())});
    } else if (event.type === "response.animation_blendshapes.done") {
      const response = this.responses.get(Number(event.response_id.split("_").at(-1)));
      if (!response) return;
      response.isDone = true;
      this.tell("done", {response, reason: event.reason});
    } else if (event.type === "error") this.takeError(new ServerError(event.error.code, event.error.message));
  }

  takeSession(session) {
    this.session = session;
    if (this.state === "open") return;
    this.responses.clear();
    this.nStretches = 0;
    this.wait = FIRST_WAIT_MS;
    this.pinging = setInterval(() => this.send({type: "ping"}), PING_MS);
    this.become("open");
    this.tell("session", session);
  }

  takeError(error) {
    this.problem = error;
    this.tell("error", error);
    if (this.state === "connecting") this.close();  // the settings cannot be
  }

  takeFrames({response: number, first, values}) {
    const response = this.responses.get(number);
    if (!response) return;
    response.track.add(first, values);
    this.tell("frames", {response, first, n: values.length / response.track.nValues});
  }
}

function toInt16(samples) {
  return Int16Array.from(samples, v => Math.max(-32768, Math.min(32767, Math.round(v * 32768))));
}
