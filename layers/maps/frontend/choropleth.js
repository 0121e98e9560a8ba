// How figures look on the map. A zone's state, joined by its code, says its class,
// flag, and whether it is pointed at or chosen; the tiles stay the same.
import { colour, drawn } from "./town-map.js";

export const CLASSES = [1, 2, 3, 4, 5];
const state = (name) => ["feature-state", name];
const place = ["coalesce", state("class"), -1];
const when = (name, yes, no) => ["case", ["boolean", state(name), false], yes, no];

function byClass(make, otherwise) {
  return ["match", place, ...CLASSES.flatMap((n) => [n - 1, make(n)]), otherwise];
}

function fill() {
  return [
    "case", ["boolean", state("withheld"), false], colour("map-withheld"),
    byClass((n) => colour(`map-need-${n}`), colour("map-no-data")),
  ];
}

// Zones of one layer with figures, under outlines, names and places.
export function choroplethLayers(config, zones) {
  const area = { source: zones, "source-layer": zones };
  return [
    { id: "ground", type: "background", paint: { "background-color": colour("map-ground") } },
    { id: "rim", type: "line", ...area, layout: { "line-join": "round" },
      paint: { "line-color": colour("map-boundary"), "line-width": 12 } },
    { id: "need", type: "fill", ...area,
      paint: { "fill-color": fill(), "fill-antialias": false } },
    hatched("hatch-ink", area, ["<=", place, 2]),
    hatched("hatch-paper", area, [">", place, 2]),
    { ...drawn.outlines(),
      paint: { ...drawn.outlines().paint, "line-color": colour("map-parcel-on-need"),
               "line-opacity": ["interpolate", ["linear"], ["zoom"], 13, 0.1, 15, 0.2, 17, 0.4] } },
    { id: "zone-lines", type: "line", ...area, layout: { "line-join": "round" },
      paint: { "line-color": colour("map-zone-on-need"), "line-width": 2 } },
    { id: "withheld", type: "line", ...area,
      paint: { "line-color": colour("ink-soft"), "line-width": 1.6, "line-dasharray": [1, 2],
               "line-opacity": when("withheld", 1, 0) } },
    { id: "pointed", type: "line", ...area, layout: { "line-join": "round" },
      paint: { "line-color": colour("map-pointed"), "line-width": 3,
               "line-opacity": when("pointed", 1, 0) } },
    { id: "chosen", type: "line", ...area, layout: { "line-join": "round" },
      paint: { "line-color": colour("map-chosen"), "line-width": 4.5,
               "line-opacity": when("chosen", 1, 0) } },
    names(config, zones),
    "parcels" in config.layers && numbers(),
    { ...drawn.facilities(), filter: ["in", ["get", "kind"], ["literal", []]] },
  ].filter(Boolean);
}

function hatched(id, area, applies) {
  const shown = ["case", ["all", ["boolean", state("uncertain"), false], applies], 0.42, 0];
  return { id, type: "fill", ...area, paint: { "fill-pattern": id, "fill-opacity": shown } };
}

function names(config, zones) {
  const layer = drawn.labels(config.language, zones);
  const blank = ["boolean", state("withheld"), false];
  const ink = byClass((n) => colour(`map-need-ink-${n}`), colour("map-label"));
  const halo = byClass((n) => colour(`map-need-${n}`), colour("map-halo"));
  return {
    ...layer,
    paint: {
      "text-color": ["case", blank, colour("map-withheld-ink"), ink],
      "text-halo-color": ["case", blank, colour("map-withheld"), halo],
      "text-halo-width": 1.5,
    },
  };
}

function numbers() {
  return {
    id: "numbers", type: "symbol", source: "parcels", "source-layer": "parcels", minzoom: 16.5,
    layout: { "text-field": ["get", "code"], "text-font": ["IBM Plex Sans"], "text-size": 11 },
    paint: { "text-color": colour("map-label"), "text-halo-color": colour("map-halo"), "text-halo-width": 1.2 },
  };
}
