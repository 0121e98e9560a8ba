// The form: what is asked, how it is drawn, and what the server says against it.
import { onFigures, onRefusal, view } from "./figures.js";
import { byId, narrow, settings } from "./page.js";
import * as state from "./state.js";

const form = byId("choice");
const ask = byId("ask");
const wrong = byId("breaks-wrong");
const NAMES = ["indicator", "round", "breakdown", "level", "mode", "second", "mean", "other", "compare", "method", "classes", "breaks", "palette"];

function fill() {
  for (const name of NAMES) {
    const field = form.elements[name];
    if (field) field.value = name === "other" ? other() : state.get(name);
  }
  for (const name of ["scale", "alpha"]) form.elements[name].checked = Boolean(state.get(name));
  show();
}

// An earlier round, so that a change is told forward.
function other() {
  const codes = settings.rounds.map(({ code }) => code);
  const at = codes.indexOf(state.get("round"));
  return state.get("other") || codes[at - 1] || codes[at + 1] || "";
}

function show() {
  const mode = state.get("mode");
  const applies = {
    bivariate: mode === "bivariate",
    mean: mode === "mean",
    plain: !mode,
    groups: mode !== "mean" && !view()?.everybody,
    levels: !mode || mode === "difference",
    other: mode === "difference" || (!mode && Boolean(state.get("compare"))),
    counted: state.get("method") !== "manual",
    manual: state.get("method") === "manual",
  };
  for (const part of form.querySelectorAll("[data-for]")) part.hidden = !applies[part.dataset.for];
  for (const chip of form.querySelectorAll(".chip")) {
    if (chip.dataset.codes.split(" ").includes(state.get("indicator"))) chip.setAttribute("aria-current", "true");
    else chip.removeAttribute("aria-current");
  }
}

function changed({ target }) {
  const { name, value, type, checked } = target;
  if (!name) return;
  const changes = { [name]: type === "checkbox" ? (checked ? value : "") : value };
  if (name === "mode" && value === "bivariate" && !state.get("second")) {
    changes.second = [...form.elements.second.options].find((each) => each.value !== state.get("indicator"))?.value ?? "";
  }
  // Only one indicator and what changed are told of larger areas.
  if (name === "mode" && value && value !== "difference") changes.level = "";
  if (name === "mode" && value === "mean") changes.mean = state.get("mean") || form.elements.mean.value;
  // Limits set by hand begin with those that are shown.
  if (name === "method" && value === "manual" && !state.get("breaks")) {
    const { steps } = view().legend;
    changes.breaks = steps.slice(0, -1).map(({ to }) => to).join(",");
  }
  if ((name === "mode" && value === "difference") || (name === "compare" && value)) changes.other = other();
  state.set(changes);
}

export function begin() {
  fill();
  form.addEventListener("change", changed);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("click", (event) => {
    const chip = event.target.closest(".chip");
    if (!chip) return;
    event.preventDefault();
    state.set({ indicator: chip.dataset.codes.split(" ")[0] });
  });
  state.on([...NAMES, "scale", "alpha"], fill);
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
