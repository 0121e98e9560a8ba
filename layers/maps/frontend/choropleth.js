// How zones with figures are drawn. What a zone looks like stands in its state: fill,
// alpha, hatch, ink and halo of its name, and whether it is pointed at or chosen.
import { colour, drawn } from "./town-map.js";

const state = (name, otherwise) => ["coalesce", ["feature-state", name], otherwise];
const when = (name, yes, no) => ["case", ["boolean", ["feature-state", name], false], yes, no];

// The layers under which figures are ordered with the others, from below.
export const FIGURES = ["need", "hatch-ink", "hatch-paper", "zone-lines", "withheld"];
const MARKS = ["picked", "pointed", "chosen"];

// Larger areas are drawn by the same layers, from outlines that come with their figures.
export const AREAS = "areas";

const from = (source) => (source.startsWith(AREAS) ? { source } : { source, "source-layer": source });

// Zones of one layer with figures; overlays are laid between them and the marks.
export function choroplethLayers(config, zones) {
  return [
    { id: "ground", type: "background", paint: { "background-color": colour("map-ground") } },
    { id: "rim", type: "line", ...from(zones), layout: { "line-join": "round" },
      paint: { "line-color": colour("map-boundary"), "line-width": 12 } },
    { id: "land", type: "fill", ...from(zones), paint: { "fill-color": colour("map-land"), "fill-antialias": false } },
    ...figureLayers(config, zones),
  ];
}

export function figureLayers(config, source) {
  const area = from(source);
  const mark = (id, name, width) => ({
    id, type: "line", ...area, layout: { "line-join": "round" },
    paint: { "line-color": colour(name), "line-width": width, "line-opacity": when(id, 1, 0) },
  });
  return [
    { id: "need", type: "fill", ...area,
      paint: { "fill-color": ["to-color", state("fill", colour("map-no-data"))],
               "fill-opacity": state("alpha", 1), "fill-antialias": false } },
    hatched("ink", area),
    hatched("paper", area),
    { id: "zone-lines", type: "line", ...area, layout: { "line-join": "round" },
      paint: { "line-color": colour("map-zone-on-need"), "line-width": 2 } },
    { id: "withheld", type: "line", ...area,
      paint: { "line-color": colour("ink-soft"), "line-width": 1.6, "line-dasharray": [1, 2],
               "line-opacity": when("withheld", 1, 0) } },
    mark("picked", "map-picked", 3.5),
    mark("pointed", "map-pointed", 3),
    mark("chosen", "map-chosen", 4.5),
    names(config, `${source}_labels`),
  ];
}

export const above = [...MARKS, "labels"];

function hatched(name, area) {
  const shown = ["case", ["==", state("hatch", ""), name], 0.42, 0];
  return { id: `hatch-${name}`, type: "fill", ...area,
    paint: { "fill-pattern": `hatch-${name}`, "fill-opacity": shown, "fill-antialias": false } };
}

function names(config, source) {
  const { "source-layer": _unused, ...label } = drawn.labels(config.language);
  return {
    ...label, ...from(source),
    paint: {
      "text-color": ["to-color", state("ink", colour("map-label"))],
      "text-halo-color": ["to-color", state("halo", colour("map-halo"))],
      "text-halo-width": 1.5,
    },
  };
}
