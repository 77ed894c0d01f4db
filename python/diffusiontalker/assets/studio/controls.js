// Widgets of the panel: dials, moods, lists.

const NAMES = {
  strength: "Whole face", upper_strength: "Eyes and brows", lower_strength: "Mouth and jaw", jaw_sharpness: "Jaw sharpness",
  lip_sharpness: "Lip sharpness", smoothing_ms: "Smoothing, ms", blink_rate: "Blinks", gaze_side_deg: "Gaze aside, \u00b0",
  gaze_up_deg: "Gaze up, \u00b0", gaze_hold: "Hold the gaze", offset_ms: "Delay, ms",
};

export const dialName = name => NAMES[name] || name.replaceAll("_", " ");

// A slider with its number. onChange: called with the value.   Returns {element, value}.
export function dial({label, range, value, plain = value, whole = false, onChange}) {
  const row = document.createElement("div"), name = document.createElement("label"), input = document.createElement("input"), out = document.createElement("output");
  const [low, high] = range;
  row.className = "dial";
  Object.assign(input, {type: "range", min: low, max: high, step: whole ? 1 : high - low <= 2 ? 0.01 : high - low <= 4 ? 0.05 : 0.5, value});
  input.id = `dial-${label.replace(/\W+/g, "-").toLowerCase()}`;
  name.htmlFor = input.id;
  out.setAttribute("aria-live", "off");  // the slider says it
  name.textContent = label;
  out.title = "Double click puts it back";
  const show = () => {
    out.textContent = whole ? input.value : Number(input.value).toFixed(input.step < 0.1 ? 2 : 1);
    row.classList.toggle("changed", Number(input.value) !== plain);
  };
  const set = v => { input.value = v; show(); };
  input.addEventListener("input", () => { show(); onChange(Number(input.value)); });
  out.addEventListener("dblclick", () => { set(plain); onChange(plain); });
  row.append(name, input, out);
  show();
  return {element: row, get value() { return Number(input.value); }, set value(v) { set(v); }};
}

// One of several as chips. onChoose: called with the name.
export function chips(place, group, names, onChoose) {
  const inputs = new Map();
  for (const name of names) {
    const label = document.createElement("label"), input = document.createElement("input"), text = document.createElement("span");
    label.className = "chip";
    Object.assign(input, {type: "radio", name: group, value: name});
    text.textContent = name;
    input.addEventListener("change", () => onChoose(name));
    label.append(input, text);
    place.append(label);
    inputs.set(name, input);
  }
  return {set value(name) { for (const [n, input] of inputs) input.checked = n === name; }};
}

// Fills a <select>. entries: [value, text], or [group, [entries]].
export function fill(select, entries, value) {
  const option = ([v, text, off]) => Object.assign(new Option(text, v), {disabled: Boolean(off)});
  select.replaceChildren(...entries.map(([name, inner, off]) => {
    if (!Array.isArray(inner)) return option([name, inner, off]);
    const group = document.createElement("optgroup");
    group.label = name;
    group.append(...inner.map(option));
    return group;
  }));
  if (value !== undefined) select.value = value;
}

// The list of takes. act: {choose, show, remove} called with a take.
export function listTakes(place, takes, chosen, act) {
  const focused = place.contains(document.activeElement) ? document.activeElement.id : "";
  place.replaceChildren(...takes.map(take => {
    const item = document.createElement("li"), radio = document.createElement("input"), label = document.createElement("label");
    const title = document.createElement("b"), about = document.createElement("small"), eye = document.createElement("label");
    const seen = document.createElement("input"), away = document.createElement("button"), progress = document.createElement("progress");
    const isSame = chosen && take.sound === chosen.sound;
    item.className = take === chosen ? "chosen" : "";
    Object.assign(radio, {type: "radio", name: "take", checked: take === chosen, id: `take-${take.number}`});
    label.htmlFor = radio.id;
    title.textContent = take.name;
    about.textContent = take.state === "failed" ? take.error : take.summary();
    about.title = `${take.summary()}${take.sound ? `; ${take.sound.name}, ${take.sound.duration.toFixed(1)} s` : ""}`;
    label.append(title, about);
    Object.assign(seen, {type: "checkbox", id: `show-${take.number}`, checked: take.isShown && isSame || take === chosen, disabled: !isSame || take === chosen});
    seen.setAttribute("aria-label", `Show ${take.name} beside the chosen one`);
    eye.className = "eye";
    eye.append(seen, "show");
    Object.assign(away, {type: "button", id: `remove-${take.number}`, className: "plain", textContent: "\u00d7"});
    away.setAttribute("aria-label", `Remove ${take.name}`);
    radio.addEventListener("change", () => act.choose(take));
    seen.addEventListener("change", () => act.show(take, seen.checked));
    away.addEventListener("click", () => act.remove(take));
    Object.assign(progress, {max: 1, value: take.fraction, hidden: take.state !== "computing"});
    progress.setAttribute("aria-label", `${take.name} is being computed`);
    take.progress = progress;
    item.append(radio, label, eye, away, progress);
    return item;
  }));
  if (focused) document.getElementById(focused)?.focus();
}
