// The rounds in the order of time, on a slider; it plays them one after another, with
// one set of classes, so that a colour means the same throughout.
import { figuresOf } from "./figures.js";
import { byId, settings, still } from "./page.js";
import * as state from "./state.js";

const box = byId("time");
const { rounds } = settings;
let playing;

function show() {
  const at = Math.max(rounds.findIndex(({ code }) => code === state.get("round")), 0);
  const slider = box.querySelector("input");
  slider.value = String(at);
  slider.setAttribute("aria-valuetext", rounds[at].title);
  box.querySelector("output").textContent = rounds[at].title;
  box.hidden = Boolean(state.get("mode") || state.get("compare"));
}

function go(at) {
  state.set({ round: rounds[at].code, scale: "rounds" });
}

function stop() {
  clearInterval(playing);
  playing = undefined;
  box.querySelector("button").setAttribute("aria-pressed", "false");
}

function play() {
  if (playing) return stop();
  box.querySelector("button").setAttribute("aria-pressed", "true");
  for (const { code } of rounds) figuresOf(state.question({ round: code, scale: "rounds" })).catch(() => undefined);
  let at = rounds.findIndex(({ code }) => code === state.get("round"));
  if (at === rounds.length - 1) at = -1;
  const step = () => {
    at += 1;
    go(at);
    if (at === rounds.length - 1) stop();
  };
  step();
  if (at < rounds.length - 1) playing = setInterval(step, still.matches ? 3000 : 1600);
}

export function begin() {
  if (!box) return;
  box.querySelector("input").addEventListener("input", (event) => go(Number(event.target.value)));
  box.querySelector("button").addEventListener("click", play);
  state.on(["round", "mode", "compare"], show);
  show();
}
