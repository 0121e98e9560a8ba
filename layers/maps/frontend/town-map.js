// A map of the town: zones, parcel outlines and places on our own tiles, in the
// page's language and theme. Any room may import it; nothing is fetched from elsewhere.
import { Map as MapLibre, NavigationControl, prewarm, setWorkerUrl } from "maplibre-gl";

import { KINDS, placeIcon, setImage } from "./icons.js";
import { versionedRequests } from "./tile-versions.js";

const FONTS = ["IBM Plex Sans Arabic", "IBM Plex Sans"];

// What the page's {% town_map %} tag wrote.
export function configuration(id = "town-map") {
  return JSON.parse(document.getElementById(id).textContent);
}

export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

// Labels are drawn on a canvas, which does not wait for a font to arrive.
async function fontsReady() {
  const samples = ["عين", "Aé"];
  await Promise.all(
    FONTS.flatMap((font) =>
      samples.map((text) => document.fonts.load(`500 24px "${font}"`, text)),
    ),
  ).catch(() => undefined);
}

export function nameIn(language) {
  return ["coalesce", ["get", `name_${language}`], ["get", "name_ar"]];
}

function sources(config) {
  return Object.fromEntries(
    Object.entries(config.layers).map(([name, layer]) => [
      name,
      {
        type: "vector",
        tiles: [location.origin + layer.tiles],
        minzoom: layer.minzoom,
        maxzoom: layer.maxzoom,
        promoteId: layer.key ?? undefined,
      },
    ]),
  );
}

export const drawn = {
  land: (zones = "zones") => ({
    id: "land", type: "fill", source: zones, "source-layer": zones,
    paint: { "fill-color": colour("map-land"), "fill-antialias": false },
  }),
  outlines: () => ({
    id: "outlines", type: "line", source: "outlines", "source-layer": "outlines", minzoom: 13,
    paint: {
      "line-color": colour("map-parcel-line"),
      "line-width": ["interpolate", ["linear"], ["zoom"], 13, 0.4, 16, 0.9, 19, 1.5],
    },
  }),
  zoneLines: (zones = "zones") => ({
    id: "zone-lines", type: "line", source: zones, "source-layer": zones,
    layout: { "line-join": "round" },
    paint: {
      "line-color": colour("map-zone-line"),
      "line-width": ["interpolate", ["linear"], ["zoom"], 11, 0.8, 15, 2],
    },
  }),
  facilities: () => ({
    id: "facilities", type: "symbol", source: "facilities", "source-layer": "facilities",
    layout: {
      "icon-image": ["concat", "place-", ["get", "kind"]],
      "icon-size": ["interpolate", ["linear"], ["zoom"], 11, 0.4, 12.5, 0.6, 15, 1],
      "icon-allow-overlap": true,
    },
  }),
  labels: (language, zones = "zones") => ({
    id: "labels", type: "symbol", source: `${zones}_labels`, "source-layer": `${zones}_labels`,
    layout: {
      "text-field": nameIn(language),
      // No font has this name; MapLibre reads the weight from it.
      "text-font": ["Medium", ...FONTS],
      "text-size": ["interpolate", ["linear"], ["zoom"], 11, 11, 14, 14, 17, 18],
      "text-max-width": 7,
      "text-padding": 3,
      "text-variable-anchor": ["center", "top", "bottom", "left", "right"],
      "text-radial-offset": 1,
    },
    paint: {
      "text-color": colour("map-label"),
      "text-halo-color": colour("map-halo"),
      "text-halo-width": 1.6,
    },
  }),
};

export function plainLayers(config) {
  const has = (name) => name in config.layers;
  return [
    { id: "ground", type: "background", paint: { "background-color": colour("map-ground") } },
    has("zones") && drawn.land(),
    has("outlines") && drawn.outlines(),
    has("zones") && drawn.zoneLines(),
    has("zones_labels") && drawn.labels(config.language),
    // Above the names, so that a name makes room for a place and not the reverse.
    has("facilities") && drawn.facilities(),
  ].filter(Boolean);
}

export function drawIcons(map) {
  const colours = { ink: colour("map-place"), ground: colour("map-place-ground") };
  for (const kind of KINDS) setImage(map, `place-${kind}`, placeIcon(kind, colours));
}

// Starts the map's worker, which is slow to come, before the page does anything else.
export function warm(config) {
  setWorkerUrl(new URL(config.worker, location.origin).href);
  prewarm();
}

function freeMoment() {
  return new Promise((done) => { (window.requestIdleCallback ?? setTimeout)(done, { timeout: 500 }); });
}

// Resolves to a MapLibre map in `container` that has its layers and draws them next.
// `layers` makes the list of style layers and is asked again when the theme changes;
// `prepare` is called with the map before them, `onTheme` after each change of theme;
// `options` go to MapLibre. Rejects where the browser has no WebGL.
export async function townMap(container, config, { layers = plainLayers, prepare, onTheme, ...options } = {}) {
  setWorkerUrl(new URL(config.worker, location.origin).href);
  const fonts = fontsReady();
  const { words } = config;
  const map = new MapLibre({
    container,
    transformRequest: versionedRequests(config.layers),
    bounds: config.bounds,
    fitBoundsOptions: { padding: 24 },
    maxZoom: 20,
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    rollEnabled: false,
    fadeDuration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 150,
    locale: {
      "Map.Title": words.map,
      "NavigationControl.ZoomIn": words.zoom_in,
      "NavigationControl.ZoomOut": words.zoom_out,
    },
    ...options,
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  const side = document.documentElement.dir === "rtl" ? "left" : "right";
  map.addControl(new NavigationControl({ showCompass: false }), `bottom-${side}`);
  // The first frame waits long for the graphics processor. Before it the worker starts,
  // which needs a free moment of the page, and the layers are there, so that their tiles
  // are fetched meanwhile.
  await Promise.all([fonts, freeMoment()]);
  await new Promise((resolve, reject) => {
    // A tile that does not arrive leaves a gap; the map is there all the same.
    const failed = ({ error, sourceId }) => sourceId || reject(error);
    map.on("error", failed);
    map.once("style.load", () => {
      map.off("error", failed);
      resolve();
    });
    map.setStyle({ version: 8, sources: sources(config), layers: [] });
  });
  drawIcons(map);
  prepare?.(map);
  for (const layer of layers(config)) map.addLayer(layer);
  followTheme(map, () => {
    drawIcons(map);
    repaint(map, layers(config));
    onTheme?.(map);
  });
  return map;
}

function repaint(map, layers) {
  for (const { id, paint = {} } of layers) {
    for (const [property, value] of Object.entries(paint)) {
      map.setPaintProperty(id, property, value);
    }
  }
}

function followTheme(map, redraw) {
  const observer = new MutationObserver(redraw);
  observer.observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
  map.once("remove", () => observer.disconnect());
}
