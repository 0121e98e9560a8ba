// The legend: classes with their colours, what the signs mean, and how sure it all is.
import { onFigures, view } from "./figures.js";
import { palette } from "./colours.js";
import { isClassed, key } from "./keys.js";
import { shown } from "./overlays.js";
import { byId, desk, element, settings, svg, words } from "./page.js";
import * as state from "./state.js";

const legend = byId("legend");
const KEYS = {
  uncertain: () => [
    svg("rect", { class: "key-ground", width: 28, height: 16, rx: 3 }),
    svg("path", { class: "key-hatch", d: "M-4 16 12 0M2 16 18 0M8 16 24 0M14 16 30 0M20 16 36 0" }),
  ],
  withheld: () => [svg("rect", { class: "key-withheld", x: 1, y: 1, width: 26, height: 14, rx: 3 })],
  no_data: () => [svg("rect", { class: "key-none", width: 28, height: 16, rx: 3 })],
};

function put(name, text) {
  legend.querySelector(`[data-${name}]`).textContent = text;
}

function swatch(colour) {
  const made = element("i", { className: "swatch" });
  made.style.setProperty("--step", colour);
  return made;
}

const SCALES = {
  steps(said, colours) {
    const items = said.steps.map(({ label }, place) =>
      element("li", {}, swatch(colours[place]), element("bdi", { text: label })));
    return [element("ol", { className: "steps-scale", "data-steps": "" }, ...items), certainty()];
  },
  // Categories need a line each: their words are long.
  words(said, colours) {
    const items = said.steps.map(({ label }, place) =>
      element("li", {}, swatch(colours[place]), element("span", { text: label })));
    return [element("ol", { className: "words-scale", "data-steps": "" }, ...items.reverse())];
  },
  bivariate(said, colours) {
    const cells = [2, 1, 0].flatMap((up) => [
      element("bdi", { className: "square-step", text: said.y.steps[up]?.label ?? "" }),
      ...[0, 1, 2].map((along) => swatch(colours[3 * up + along])),
    ]);
    const feet = [0, 1, 2].map((along) => element("bdi", { className: "square-step", text: said.x.steps[along]?.label ?? "" }));
    return [
      element("p", { className: "small square-title", text: `↑ ${said.y.title}` }),
      element("div", { className: "square", "data-steps": "" }, ...cells, element("span"), ...feet),
      element("p", { className: "small square-title", text: `${document.dir === "rtl" ? "←" : "→"} ${said.x.title}` }),
    ];
  },
};
SCALES.change = SCALES.clusters = SCALES.words;

function certainty() {
  if (!state.get("alpha")) return null;
  const items = words.certainty.map((text, place) => {
    const item = element("li", { className: `alpha-${place}` }, element("i", { className: "swatch" }), element("span", { text }));
    return item;
  });
  return element("ol", { className: "alpha-scale" }, ...items);
}

export function showLegend() {
  const { legend: said, title, group } = view();
  put("heading-of-legend", said.heading);
  put("title", title);
  put("subject", `${said.round} · ${group}`);
  for (const name of ["town", "sample", "definition", "doubtful"]) put(name, said[name]);
  const scale = SCALES[said.kind](said, palette(said)).filter(Boolean);
  legend.querySelector("[data-scale]").replaceChildren(...scale);
  const keys = said.keys.map(({ flag, label }) =>
    element("li", { "data-key": flag }, svg("svg", { width: 28, height: 16, "aria-hidden": "true" }, ...KEYS[flag]()), element("span", { text: label })));
  legend.querySelector("[data-keys]").replaceChildren(...keys);
  desk.querySelector("[data-heading]").textContent = title;
}

// Of each layer over the figures that has colours of its own, the uppermost first.
function showOverlays() {
  const on = shown().map(({ name }) => settings.overlays.find((each) => each.name === name));
  const boxes = on.filter((each) => each?.style && isClassed(each.style)).map(({ title, geometry, style }) =>
    element("div", { className: "overlay-legend" },
      element("h3", { text: title }),
      style.title ? element("p", { className: "small soft", text: style.title }) : null,
      element("ul", { className: "words-scale" },
        ...[...style.shades, style.others].filter(Boolean).map((shade) =>
          element("li", {}, key(geometry, shade), element("bdi", { text: shade.label }))))));
  legend.querySelector("[data-overlays]").replaceChildren(...boxes);
}

export function begin() {
  showLegend();
  showOverlays();
  state.on(["layers"], showOverlays);
  onFigures(showLegend);
  state.on(["palette", "alpha"], showLegend);
  new MutationObserver(showLegend).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
}

export const uncertainWords = () => settings && view().legend.keys.find(({ flag }) => flag === "uncertain")?.label;
