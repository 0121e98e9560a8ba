// The figures that are shown: one small JSON a question, kept once it has arrived.
import * as state from "./state.js";
import { desk, fetched, say } from "./page.js";

const kept = new Map();
const listeners = [];
const refused = [];
let current;
let asking = 0;

export const view = () => current;
export const onFigures = (told) => listeners.push(told);
// Called with the server's words against the question, and with "" once it is answered.
export const onRefusal = (told) => refused.push(told);

export function begin(values) {
  current = values;
  kept.set(String(state.question()), Promise.resolve(values));
  state.on(
    ["indicator", "round", "breakdown", "level", "mode", "second", "mean", "other", "method", "classes", "breaks", "scale", "compare"],
    load,
  );
}

export function figuresOf(question) {
  const key = String(question);
  if (!kept.has(key)) {
    const coming = fetched(`${desk.dataset.values}?${key}`).then((response) => response.json());
    kept.set(key, coming);
    coming.catch(() => kept.delete(key));
  }
  return kept.get(key);
}

async function load() {
  const mine = ++asking;
  try {
    const arrived = await figuresOf(state.question());
    if (mine !== asking) return;
    current = arrived;
    say("");
    for (const told of refused) told("");
    for (const told of listeners) told(current);
  } catch (error) {
    if (mine !== asking) return;
    say(error.message);
    for (const told of refused) told(error.message);
  }
}
