// The form: what is asked, how it is drawn, and what the server says against it.
import { onFigures, onRefusal, view } from "./figures.js";
import { byId, element, narrow, settings, words } from "./page.js";
import * as state from "./state.js";

const form = byId("choice");
const ask = byId("ask");
const wrong = byId("breaks-wrong");
const indicators = form.elements.indicator;
const back = element("button", { type: "button", className: "back-button", hidden: true });
// How the list of indicators names a mean; in the address it has a mode of its own.
const MEAN = "mean:";
const NAMES = ["round", "breakdown", "level", "mode", "second", "other", "compare", "method", "classes", "breaks", "palette"];

function fill() {
  for (const name of NAMES) {
    const field = form.elements[name];
    if (field) field.value = name === "other" ? other() : state.get(name);
  }
  indicators.value = chosen();
  for (const name of ["scale", "alpha"]) form.elements[name].checked = Boolean(state.get(name));
  show();
}

// An earlier round, so that a change is told forward.
function other() {
  const codes = settings.rounds.map(({ code }) => code);
  const at = codes.indexOf(state.get("round"));
  return state.get("other") || codes[at - 1] || codes[at + 1] || "";
}

// What is on the map, as the list of indicators names it.
function chosen() {
  return state.get("mode") === "mean" ? MEAN + state.get("mean") : state.get("indicator");
}

export function choose(value) {
  if (!value.startsWith(MEAN)) {
    return state.set({ indicator: value, ...(state.get("mode") === "mean" && { mode: "", mean: "" }) });
  }
  // Larger areas, and limits set by hand, are of indicators.
  const method = state.get("method") === "manual" ? "jenks" : state.get("method");
  state.set({ mode: "mean", mean: value.slice(MEAN.length), level: "", method });
}

// For the keys: the one after or before that in the list.
export function step(by) {
  const next = indicators.options[indicators.selectedIndex + by];
  if (next) choose(next.value);
}

function show() {
  const mode = state.get("mode");
  const applies = {
    bivariate: mode === "bivariate",
    compared: mode !== "mean",
    classed: !mode || mode === "mean",
    plain: !mode,
    groups: mode !== "mean" && !view()?.everybody,
    levels: !mode || mode === "difference",
    other: mode === "difference" || (!mode && Boolean(state.get("compare"))),
    counted: mode === "mean" || state.get("method") !== "manual",
    manual: mode !== "mean" && state.get("method") === "manual",
  };
  for (const part of form.querySelectorAll("[data-for]")) part.hidden = !applies[part.dataset.for];
  for (const chip of form.querySelectorAll(".chip")) {
    if (chip.dataset.codes.split(" ").includes(chosen())) chip.setAttribute("aria-current", "true");
    else chip.removeAttribute("aria-current");
  }
  back.hidden = mode !== "mean";
  const { text } = [...indicators.options].find(({ value }) => value === state.get("indicator"));
  back.textContent = words.back.replace("{indicator}", text);
  form.elements.method.querySelector("[value=manual]").hidden = mode === "mean";
}

function changed({ target }) {
  const { name, value, type, checked } = target;
  if (!name) return;
  if (name === "indicator") return choose(value);
  const changes = { [name]: type === "checkbox" ? (checked ? value : "") : value };
  if (name === "mode" && value === "bivariate" && !state.get("second")) {
    changes.second = [...form.elements.second.options].find((each) => each.value !== state.get("indicator"))?.value ?? "";
  }
  // Only one indicator and what changed are told of larger areas.
  if (name === "mode" && value && value !== "difference") changes.level = "";
  // Limits set by hand begin with those that are shown.
  if (name === "method" && value === "manual" && !state.get("breaks")) {
    const { steps } = view().legend;
    changes.breaks = steps.slice(0, -1).map(({ to }) => to).join(",");
  }
  if ((name === "mode" && value === "difference") || (name === "compare" && value)) changes.other = other();
  state.set(changes);
}

export function begin() {
  indicators.after(back);
  back.addEventListener("click", () => {
    choose(state.get("indicator"));
    indicators.focus();
  });
  fill();
  form.addEventListener("change", changed);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("click", (event) => {
    const chip = event.target.closest(".chip");
    if (!chip) return;
    event.preventDefault();
    choose(chip.dataset.codes.split(" ")[0]);
  });
  state.on([...NAMES, "indicator", "mean", "scale", "alpha"], fill);
  onFigures(show);
  onRefusal((said) => {
    wrong.textContent = said;
    wrong.hidden = !said;
    form.elements.breaks.setAttribute("aria-invalid", String(Boolean(said)));
  });
  if (narrow.matches || localStorage.getItem("desk-ask") === "closed") ask.open = false;
  for (const fold of [ask, ...form.querySelectorAll("[data-fold]")]) {
    const name = fold === ask ? "desk-ask" : `desk-${fold.dataset.fold}`;
    if (fold !== ask && localStorage.getItem(name) === "open") fold.open = true;
    fold.addEventListener("toggle", () => {
      if (!narrow.matches) localStorage.setItem(name, fold.open ? "open" : "closed");
    });
  }
}
