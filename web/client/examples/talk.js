// What all examples share: the form, the sound, and the face at the moment of the sound.
import {FaceClient, FacePlayer, MediaClock} from "../dist/index.js";

const one = id => document.getElementById(id);

// open: async function of the address of a character; resolves with a function of `channels` that returns what shows a
// frame's values.
export function talk(open) {
  document.body.insertAdjacentHTML("beforeend", `<form>
    <label>server <input id="server" value="ws://127.0.0.1:8765/v1/stream" size="30"></label>
    <label>token <input id="token" type="password"></label>
    <label>character <input id="character" type="file" accept=".glb,.vrm"></label>
    <label>recording <input id="recording" type="file" accept="audio/*"></label>
    <audio id="sound" controls></audio><p id="message" role="status"></p></form>`);
  const say = text => { one("message").textContent = text; };
  let faceOf = null, track = null, show = () => {};
  new FacePlayer(() => track, new MediaClock(one("sound")), values => show(values)).start();
  const tell = work => work().catch(error => say(error.message));
  one("character").addEventListener("change", () => tell(async () => {
    faceOf = await open(URL.createObjectURL(one("character").files[0]));
    say("Now choose a recording.");
  }));
  one("recording").addEventListener("change", () => tell(async () => {
    if (!faceOf) throw new Error("Choose a character first.");
    const file = one("recording").files[0], context = new AudioContext(), sound = await context.decodeAudioData(await file.arrayBuffer());
    const client = new FaceClient(one("server").value, {token: one("token").value || null, reconnects: false, settings: {sample_rate: sound.sampleRate, profile: "live"}});
    const {channels} = await client.open();
    show = faceOf(channels);
    say(`${show.n} targets move.`);
    client.addEventListener("frames", event => { track = event.detail.response.track; });
    one("sound").src = URL.createObjectURL(file);
    await client.speak(sound.getChannelData(0));
    client.close();
    await one("sound").play();
  }));
  document.querySelector("form").addEventListener("submit", event => event.preventDefault());
}
