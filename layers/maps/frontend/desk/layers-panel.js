// The list of layers: on or off, order, opacity, filter by a field. By mouse, by finger
// and by keyboard.
import { FILL, NAMES, filters, keep, keepFilter, shown } from "./overlays.js";
import { isClassed, key } from "./keys.js";
import { byId, element, settings, words } from "./page.js";
import * as state from "./state.js";

const box = byId("overlays");
const titles = new Map([
  [NAMES, { title: words.names }], [FILL, { title: words.figures }],
  ...settings.overlays.map((overlay) => [overlay.name, overlay]),
]);
let dragged = null;

function rows() {
  const on = shown();
  const there = new Set(on.map(({ name }) => name));
  const off = [...titles.keys()].filter((name) => !there.has(name)).map((name) => ({ name, opacity: 100, off: true }));
  return [...on, ...off];
}

function move(name, step) {
  const on = shown();
  const from = on.findIndex((row) => row.name === name);
  const to = from + step;
  if (from < 0 || to < 0 || to >= on.length) return;
  on.splice(to, 0, ...on.splice(from, 1));
  keep(on);
  box.querySelector(`[data-row="${name}"] [data-step="${step}"]`)?.focus();
}

function toggle(name, checked) {
  const on = shown().filter((row) => row.name !== name);
  const { geometry, style } = titles.get(name);
  // What covers the ground begins below the names and places.
  const covers = geometry === "raster" || (geometry === "polygon" && style?.opacity === 1);
  const place = covers ? on.findIndex((row) => row.name === FILL) : 0;
  if (checked) on.splice(place, 0, { name, opacity: 100 });
  keep(on);
  box.querySelector(`[data-layer="${name}"]`)?.focus();
}

function row({ name, opacity, off }, place, all) {
  const { title, fields = [], one_of: only } = titles.get(name);
  const check = element("input", { type: "checkbox", checked: !off, disabled: name === FILL, "data-layer": name });
  check.addEventListener("change", () => toggle(name, check.checked));
  const made = element("li", { className: "overlay", "data-row": name, draggable: !off }, element("label", {}, check, element("span", { text: title })));
  if (off) return made;
  const last = all.filter((each) => !each.off).length - 1;
  made.append(
    step(name, title, -1, words.up, place === 0),
    step(name, title, 1, words.down, place === last),
    more(name, title, opacity, fields),
  );
  const { style, geometry } = titles.get(name);
  if (style && !isClassed(style)) made.append(element("span", { className: "overlay-key" }, key(geometry, style.shades[0])));
  if (only) made.append(choiceOf(name, fields.find((field) => field.name === only)));
  return made;
}

// Of what lies over one another only one value is looked at.
function choiceOf(name, { name: field, label, choices }) {
  const select = element("select", { "aria-label": label },
    ...choices.map(({ value, label: text }) => element("option", { value, text })));
  select.value = filters()[name]?.text ?? "";
  select.addEventListener("change", (event) => {
    event.stopPropagation();
    keepFilter(name, { field, sign: "=", text: select.value });
    box.querySelector(`[data-row="${name}"] .overlay-choice select`)?.focus();
  });
  return element("label", { className: "overlay-choice" }, element("span", { text: label }), select);
}

function step(name, title, by, text, disabled) {
  const button = element("button", { type: "button", className: "icon-button", disabled, "data-step": String(by), "aria-label": `${text}: ${title}`, text: by < 0 ? "↑" : "↓" });
  button.addEventListener("click", () => move(name, by));
  return button;
}

function more(name, title, opacity, fields) {
  const range = element("input", { type: "range", min: "10", max: "100", step: "5", value: String(opacity) });
  range.addEventListener("change", (event) => {
    event.stopPropagation();
    keep(shown().map((each) => (each.name === name ? { ...each, opacity: Number(range.value) } : each)));
  });
  const made = element("details", { className: "overlay-more" },
    element("summary", { "aria-label": `${words.opacity}, ${words.filter}: ${title}`, text: filters()[name] ? "◉" : "⋯" }),
    element("label", {}, element("span", { text: words.opacity }), range));
  const offered = titles.get(name).one_of || name === FILL || name === NAMES ? [] : fields;
  if (offered.length) made.append(filterBy(name, offered));
  made.open = opened.has(name);
  made.addEventListener("toggle", () => (made.open ? opened.add(name) : opened.delete(name)));
  return made;
}

const opened = new Set();

function filterBy(name, fields) {
  const now = filters()[name];
  const select = element("select", { "aria-label": words.filter }, element("option", { value: "", text: words.any }),
    ...fields.map((field) => element("option", { value: field.name, text: field.label })));
  select.value = now?.field ?? "";
  const values = element("div", { className: "overlay-values" });
  const field = fields.find((each) => each.name === select.value);
  if (field) values.append(...inputs(name, field, now));
  select.addEventListener("change", (event) => {
    event.stopPropagation();
    const chosen = fields.find((each) => each.name === select.value);
    if (!chosen) return keepFilter(name, null);
    const first = chosen.choices.length ? chosen.choices.map(({ value }) => value).join("|") : "";
    keepFilter(name, { field: chosen.name, sign: chosen.choices.length ? "=" : chosen.type === "number" ? ">" : "~", text: first });
  });
  return element("div", {}, element("label", {}, element("span", { text: words.filter }), select), values);
}

function inputs(name, field, now) {
  if (field.choices.length) {
    const chosen = new Set((now?.text ?? "").split("|"));
    return field.choices.map(({ value, label }) => {
      const check = element("input", { type: "checkbox", checked: chosen.has(value), "data-value": value });
      check.addEventListener("change", (event) => {
        event.stopPropagation();
        check.checked ? chosen.add(value) : chosen.delete(value);
        keepFilter(name, { field: field.name, sign: "=", text: [...chosen].filter(Boolean).join("|") });
      });
      return element("label", {}, check, element("span", { text: label }));
    });
  }
  const sign = field.type === "number"
    ? element("select", { "aria-label": words.filter }, element("option", { value: ">", text: "≥" }), element("option", { value: "<", text: "≤" }))
    : null;
  if (sign) sign.value = now?.sign ?? ">";
  const text = element("input", { type: field.type === "number" ? "number" : "search", value: now?.text ?? "", "aria-label": field.label });
  for (const each of [sign, text].filter(Boolean)) {
    each.addEventListener("change", (event) => {
      event.stopPropagation();
      keepFilter(name, { field: field.name, sign: sign?.value ?? "~", text: text.value.replaceAll(";", " ") });
    });
  }
  return [sign, text].filter(Boolean);
}

function draw() {
  box.replaceChildren(...rows().map(row));
}

export function begin() {
  draw();
  state.on(["layers", "filter"], draw);
  box.addEventListener("dragstart", (event) => {
    dragged = event.target.closest("[data-row]")?.dataset.row ?? null;
    event.dataTransfer.setData("text/plain", dragged ?? "");
    event.dataTransfer.effectAllowed = "move";
  });
  box.addEventListener("dragover", (event) => {
    if (dragged && event.target.closest("[data-row]")) event.preventDefault();
  });
  box.addEventListener("drop", (event) => {
    const onto = event.target.closest("[data-row]")?.dataset.row;
    event.preventDefault();
    const on = shown();
    const from = on.findIndex(({ name }) => name === dragged);
    const to = on.findIndex(({ name }) => name === onto);
    dragged = null;
    if (from < 0 || to < 0 || from === to) return;
    on.splice(to, 0, ...on.splice(from, 1));
    keep(on);
  });
}
