// Everything the address holds, and who wants to know when it changes.
const PLAIN = {
  indicator: "", round: "", breakdown: "all", level: "", mode: "", second: "", mean: "", other: "",
  method: "jenks", classes: "5", breaks: "", scale: "", palette: "need", alpha: "",
  compare: "", zone: "", selected: "", layers: null, filter: null, at: "", swipe: "", panel: "",
};
// What the server needs to work out the figures; the rest is drawn here.
const FIGURES = ["indicator", "round", "breakdown", "level", "mode", "second", "mean", "other", "method", "classes", "breaks", "scale"];
const SUBJECT = new Set(["indicator", "round", "breakdown"]);

const listeners = [];
const now = { ...PLAIN };

export function start(search, known) {
  const asked = new URLSearchParams(search);
  Object.assign(now, known);
  for (const name of Object.keys(PLAIN)) {
    if (asked.has(name)) now[name] = asked.get(name);
  }
  Object.assign(now, { indicator: known.indicator, round: known.round, breakdown: known.breakdown });
}

export const get = (name) => now[name];

export function list(name) {
  return (now[name] ?? "").split(",").filter(Boolean);
}

// Calls `told` with the names that changed, of those in `names`.
export function on(names, told) {
  listeners.push({ names: new Set(names), told });
}

export function set(changes) {
  const changed = Object.keys(changes).filter((name) => now[name] !== changes[name]);
  if (!changed.length) return;
  for (const name of changed) now[name] = changes[name];
  write();
  for (const { names, told } of listeners) {
    const heard = changed.filter((name) => names.has(name));
    if (heard.length) told(heard);
  }
}

function chosen(names) {
  const found = new URLSearchParams();
  for (const name of names) {
    if (now[name] !== null && (SUBJECT.has(name) || now[name] !== PLAIN[name])) found.set(name, now[name]);
  }
  return found;
}

// As the server understands it; `other` is laid over it.
export function question(other = {}) {
  const found = chosen(FIGURES);
  if (now.compare && !now.mode) found.set("scale", "rounds");
  for (const [name, value] of Object.entries(other)) found.set(name, value);
  return found;
}

export function drawn() {
  const found = question();
  for (const name of ["palette", "alpha"]) if (now[name] !== PLAIN[name]) found.set(name, now[name]);
  return found;
}

export const isFigure = (name) => FIGURES.includes(name);

export function write() {
  const text = chosen(Object.keys(PLAIN)).toString();
  history.replaceState(null, "", `?${text.replaceAll("%2C", ",").replaceAll("%2F", "/").replaceAll("%3A", ":")}`);
}
