// Starts the page: token, model, head, and what belongs to the window.

import {Refused, askJson, setToken, takeToken} from "./api.js";
import {Panel} from "./panel.js";
import {Studio, one} from "./studio.js";

const THEMES = ["auto", "light", "dark"], KEY = "diffusiontalker-theme";

function theme(step = 0) {
  const next = THEMES[(THEMES.indexOf(localStorage.getItem(KEY) || "auto") + step) % THEMES.length], dark = matchMedia("(prefers-color-scheme: dark)").matches;
  localStorage.setItem(KEY, next);
  document.documentElement.dataset.theme = next === "auto" ? (dark ? "dark" : "light") : next;
  one("theme").textContent = {auto: "\u25D0", light: "\u2600", dark: "\u263E"}[next];
  one("theme").setAttribute("aria-label", `Colours: ${next === "auto" ? "as the system has them" : next}`);
}

// Asks for the token until the server takes it.
async function connect() {
  takeToken();
  for (;;) {
    try {
      return await askJson("api/about");
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 401) throw error;
      await askToken();
    }
  }
}

function askToken() {
  one("ask").showModal();
  return new Promise(done => one("ask").addEventListener("close", () => { setToken(one("token").value.trim()); done(); }, {once: true}));
}

function drops(studio) {
  let inside = 0;
  const show = isOver => { one("droppable").hidden = !isOver; };
  addEventListener("dragenter", event => { event.preventDefault(); inside += 1; show(true); });
  addEventListener("dragleave", () => { inside -= 1; if (inside <= 0) show(false); });
  addEventListener("dragover", event => event.preventDefault());
  addEventListener("drop", event => {
    event.preventDefault();
    inside = 0;
    show(false);
    const [file] = event.dataTransfer.files;
    if (file) studio.openFile(file);
  });
}

function keys(studio, record) {
  const act = {
    " ": () => studio.toggle(), ArrowLeft: () => studio.nudge(-1), ArrowRight: () => studio.nudge(1), Home: () => studio.seek(0), End: () => studio.seek(studio.duration),
    o: () => one("file").click(), m: record, n: () => studio.newTake(), r: () => studio.stage.reset(), "?": () => one("keys").showModal(),
  };
  addEventListener("keydown", event => {
    const tag = event.target.tagName, key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (tag === "SELECT" || (tag === "INPUT" && ["number", "text", "password"].includes(event.target.type))) return;
    if (tag === "INPUT" && (key.startsWith("Arrow") || key === "Home" || key === "End" || key === " ")) return;
    if (key === " " && (tag === "BUTTON" || tag === "SUMMARY")) return;
    const take = /^[1-9]$/.test(key) ? studio.takes[Number(key) - 1] : null;
    if (!take && !act[key]) return;
    event.preventDefault();
    if (take) studio.choose(take);
    else act[key]();
  });
}

function buttons(studio, record) {
  for (const button of document.querySelectorAll("[data-does]")) button.addEventListener("click", () => button.dataset.does === "open" ? one("file").click() : record());
  one("record").addEventListener("click", record);
  one("play").addEventListener("click", () => studio.toggle());
  one("seek").addEventListener("input", event => studio.seek(Number(event.target.value)));
  one("speed").addEventListener("change", event => { studio.audio.playbackRate = Number(event.target.value); });
  one("help").addEventListener("click", () => one("keys").showModal());
  one("theme").addEventListener("click", () => { theme(1); studio.timeline.refresh(); });
  one("fault").querySelector("button").addEventListener("click", () => studio.fault(null));
  one("file").addEventListener("change", event => {
    const [file] = event.target.files;
    event.target.value = "";
    if (file) studio.openFile(file);
  });
}

async function start() {
  theme();
  const about = await connect(), studio = window.studio = new Studio(about), panel = new Panel(studio);
  const record = () => studio.record(one("live").value);
  one("about").textContent = `${about.bundle}, ${about.backend}, version ${about.version}`;
  if (matchMedia("(max-width: 860px)").matches) for (const box of document.querySelectorAll("#panel > details")) box.open = !["Motion", "Face"].includes(box.querySelector("summary").textContent);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { theme(); studio.timeline.refresh(); });
  studio.addEventListener("token", async () => { await askToken(); studio.fault(null); });
  buttons(studio, record);
  drops(studio);
  keys(studio, record);
  await studio.loadHead();
  studio.showTakes();
  window.panel = panel;
  document.body.dataset.ready = "yes";
}

start().catch(error => {
  one("fault").hidden = false;
  one("fault").querySelector("p").textContent = error.message;
});
