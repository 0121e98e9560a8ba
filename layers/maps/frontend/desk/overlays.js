// Layers over the figures: how each is drawn, in which order, how opaque, and which of
// its features are left out.
import { FIGURES, above } from "../choropleth.js";
import { styledLayers, theme } from "../layer-style.js";
import { colour, drawn, nameIn } from "../town-map.js";
import { settings } from "./page.js";
import * as state from "./state.js";

export const NAMES = "names";
export const FILL = "figures";
const PLAIN = { opacity: 100 };
const OPACITY = {
  raster: ["raster-opacity"], fill: ["fill-opacity"], line: ["line-opacity"], circle: ["circle-opacity", "circle-stroke-opacity"],
  symbol: ["icon-opacity", "text-opacity"],
};
const COLOURS = ["map-overlay-1", "map-overlay-2", "map-overlay-3"];

const known = new Map(settings.overlays.map((overlay) => [overlay.name, overlay]));

// What stands in the state: [{name, opacity}], the uppermost first.
export function shown() {
  const asked = state.get("layers");
  if (asked === null) {
    const first = settings.overlays.filter((overlay) => overlay.shown);
    // Places above the names, so that a name makes room for a place and not the reverse.
    const [points, others] = [first.filter(({ geometry }) => geometry === "point"), first.filter(({ geometry }) => geometry !== "point")];
    return [...points.map(({ name }) => name), NAMES, ...others.map(({ name }) => name), FILL].map((name) => ({ name, ...PLAIN }));
  }
  const rows = asked.split(",").filter(Boolean).map((part) => {
    const [name, opacity] = part.split(":");
    const number = Number(opacity ?? 100);
    return { name, opacity: Number.isFinite(number) ? Math.min(Math.max(number, 10), 100) : 100 };
  });
  const there = rows.filter(({ name }) => known.has(name) || name === NAMES || name === FILL);
  return there.some(({ name }) => name === FILL) ? there : [...there, { name: FILL, ...PLAIN }];
}

export function keep(rows) {
  state.set({ layers: rows.map(({ name, opacity }) => (opacity === 100 ? name : `${name}:${opacity}`)).join(",") });
}

// Filters by field: {layer: {field, values}}; values are text that must be equal.
export function filters() {
  const found = {};
  for (const part of (state.get("filter") ?? settings.filter).split(";").filter(Boolean)) {
    const match = /^([\w-]+)\.(\w+)([=~<>])(.*)$/.exec(part);
    if (match) found[match[1]] = { field: match[2], sign: match[3], text: match[4] };
  }
  for (const { name, one_of: field, fields } of settings.overlays) {
    if (!field || found[name]?.field === field) continue;
    const first = fields.find((each) => each.name === field)?.choices[0];
    if (first) found[name] = { field, sign: "=", text: first.value };
  }
  return found;
}

export function keepFilter(layer, filter) {
  const all = filters();
  if (filter) all[layer] = filter;
  else delete all[layer];
  state.set({
    filter: Object.entries(all).map(([name, { field, sign, text }]) => `${name}.${field}${sign}${text}`).join(";"),
  });
}

function expression(filter) {
  if (!filter) return null;
  const value = ["get", filter.field];
  const text = ["downcase", ["to-string", value]];
  if (filter.sign === "=") return ["in", ["to-string", value], ["literal", filter.text.split("|")]];
  if (filter.sign === "~") return ["in", filter.text.toLowerCase(), text];
  return [filter.sign === "<" ? "<=" : ">=", ["to-number", value, 0], Number(filter.text) || 0];
}

const pictures = settings.overlays.filter(({ geometry }) => geometry === "raster");
const tilesNow = ({ tiles }) => [location.origin + tiles[theme()]];

// Pictures of cells come from tiles of their own.
export function addPictures(map) {
  for (const picture of pictures) {
    const { name, zooms, bounds } = picture;
    map.addSource(name, { type: "raster", tiles: tilesNow(picture), tileSize: 512, minzoom: zooms[0], maxzoom: zooms[1], bounds });
  }
}

export function repaintPictures(map) {
  for (const picture of pictures) map.getSource(picture.name).setTiles(tilesNow(picture));
}

function styleLayers(overlay, config) {
  const { name, geometry } = overlay;
  if (geometry === "raster") {
    return [{ id: name, type: "raster", source: name, paint: { "raster-fade-duration": 0, "raster-resampling": "nearest" } }];
  }
  const area = { source: name, "source-layer": name };
  if (name === "facilities") return [{ ...drawn.facilities(), id: name }];
  if (name === "outlines") {
    return [{ ...drawn.outlines(), id: name,
      paint: { ...drawn.outlines().paint, "line-color": colour("map-parcel-on-need"),
               "line-opacity": ["interpolate", ["linear"], ["zoom"], 13, 0.06, 14.5, 0.14, 16, 0.35, 17, 0.5] } }];
  }
  if (name === "parcels") return [numbers()];
  if (overlay.style) return styledLayers(overlay, colour("map-halo"));
  const ink = colour(COLOURS[[...known.keys()].indexOf(name) % COLOURS.length]);
  if (geometry === "point") {
    return [{ id: name, type: "circle", ...area,
      paint: { "circle-color": ink, "circle-radius": 5, "circle-stroke-width": 1.5, "circle-stroke-color": colour("map-halo") } }];
  }
  const lines = { id: name, type: "line", ...area, layout: { "line-join": "round" },
    paint: { "line-color": ink, "line-width": ["interpolate", ["linear"], ["zoom"], 11, 0.8, 15, 1.8] } };
  const labelled = `${name}_labels` in config.layers;
  return labelled ? [lines, labels(`${name}_labels`, config.language)] : [lines];
}

function labels(source, language) {
  return { id: source, type: "symbol", source, "source-layer": source, minzoom: 14,
    layout: { "text-field": nameIn(language), "text-font": ["IBM Plex Sans Arabic", "IBM Plex Sans"], "text-size": 12, "text-max-width": 7 },
    paint: { "text-color": colour("map-label"), "text-halo-color": colour("map-halo"), "text-halo-width": 1.4 } };
}

function numbers() {
  return { id: "parcels", type: "symbol", source: "parcels", "source-layer": "parcels", minzoom: 16.5,
    layout: { "text-field": ["get", "code"], "text-font": ["IBM Plex Sans"], "text-size": 11 },
    paint: { "text-color": colour("map-label"), "text-halo-color": colour("map-halo"), "text-halo-width": 1.2 } };
}

export function overlayLayers(config) {
  return settings.overlays.filter(({ name, geometry }) => geometry === "raster" || name in config.layers)
    .flatMap((overlay) => styleLayers(overlay, config).map((layer) => ({ ...layer, metadata: { overlay: overlay.name } })));
}

function layersOf(map, name) {
  if (name === NAMES) return ["labels"];
  if (name === FILL) return FIGURES;
  return [name, `${name}-outline`, `${name}_labels`].filter((id) => map.getLayer(id));
}

// Lays the style's layers out as the state says; nothing is fetched for hidden ones.
export function arrange(map) {
  const rows = shown();
  const chosen = filters();
  const on = new Set(rows.map(({ name }) => name));
  for (const name of [NAMES, ...known.keys()]) {
    for (const id of layersOf(map, name)) {
      map.setLayoutProperty(id, "visibility", on.has(name) ? "visible" : "none");
    }
  }
  for (const { name, opacity } of [...rows].reverse()) {
    for (const id of layersOf(map, name)) {
      map.moveLayer(id);
      fade(map, id, opacity / 100);
      if (name !== FILL && name !== NAMES) map.setFilter(id, expression(chosen[name]));
    }
  }
  for (const id of above) if (id !== "labels" || !on.has(NAMES)) map.moveLayer(id);
}

const usual = new WeakMap();

function fade(map, id, share) {
  if (!usual.has(map)) usual.set(map, new Map());
  const before = usual.get(map);
  for (const property of OPACITY[map.getLayer(id).type] ?? []) {
    const key = `${id} ${property}`;
    if (!before.has(key)) before.set(key, map.getPaintProperty(id, property) ?? 1);
    if (share === 1 && !before.get(`${key} faded`)) continue;
    before.set(`${key} faded`, true);
    map.setPaintProperty(id, property, faded(before.get(key), share));
  }
}

// Zoom may stand only at the head of an expression: its outputs are scaled.
function faded(value, share) {
  if (share === 1) return value;
  if (typeof value === "number") return value * share;
  if (value[0] === "interpolate") {
    return value.map((part, place) => (place > 3 && place % 2 === 0 ? faded(part, share) : part));
  }
  return ["*", share, value];
}

// After the style's colours were set anew.
export const forget = (map) => usual.delete(map);
