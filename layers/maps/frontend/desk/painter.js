// Figures on a map: each zone's state, joined by its code, says how it is drawn.
// The tiles and the style stay the same.
import { AREAS, figureLayers } from "../choropleth.js";
import { hatch, setImage } from "../icons.js";
import { colour } from "../town-map.js";
import { alphaOf, isDark, mixed, palette } from "./colours.js";
import { settings } from "./page.js";

const { zones } = settings;
const [SHADE, LIGHT] = ["#120c09", "#fffefb"];

const EMPTY = { type: "FeatureCollection", features: [] };
// The outlines that each map shows; none while it shows the zones' tiles.
const outlines = new WeakMap();

const places = (map) => (outlines.get(map) ? AREAS : zones);

export function setState(map, code, values) {
  for (const source of [places(map), `${places(map)}_labels`]) {
    map.setFeatureState({ source, sourceLayer: outlines.get(map) ? undefined : source, id: code }, values);
  }
}

export function addAreas(map) {
  for (const source of [AREAS, `${AREAS}_labels`]) {
    map.addSource(source, { type: "geojson", data: EMPTY, promoteId: "code", maxzoom: 16, tolerance: 0.2 });
  }
}

// Returns whether the layers of figures are drawn from another source than before.
function lay(map, config, shapes) {
  const before = places(map);
  if (outlines.get(map) === shapes) return false;
  outlines.set(map, shapes);
  if (shapes) {
    for (const source of [AREAS, `${AREAS}_labels`]) map.removeFeatureState({ source });
    map.getSource(AREAS).setData(shapes.areas);
    map.getSource(`${AREAS}_labels`).setData(shapes.labels);
  }
  if (before === places(map)) return false;
  const order = map.getStyle().layers.map(({ id }) => id);
  for (const layer of figureLayers(config, places(map))) {
    const next = order[order.indexOf(layer.id) + 1];
    map.removeLayer(layer.id);
    map.addLayer(layer, next);
  }
  return true;
}

export function paint(map, config, view) {
  const anew = lay(map, config, view.shapes);
  const colours = palette(view.legend);
  const land = colour("map-land");
  for (const [code, row] of Object.entries(view.zones)) setState(map, code, look(row, colours, land));
  return anew;
}

function look(row, colours, land) {
  if (row.class === null) {
    const withheld = row.flag === "withheld";
    const fill = colour(withheld ? "map-withheld" : "map-no-data");
    return { fill, alpha: 1, hatch: "", withheld, ink: colour(withheld ? "map-withheld-ink" : "map-label"), halo: fill };
  }
  const fill = colours[row.class];
  const alpha = alphaOf(row);
  const seen = mixed(fill, land, alpha);
  const dark = isDark(seen);
  return {
    // A name may lie over its neighbours: its halo is a light or a shade, not a colour.
    fill, alpha, withheld: false, halo: mixed(seen, dark ? SHADE : LIGHT, 0.4),
    ink: dark ? "#ffffff" : "#1d2b2a",
    hatch: row.flag === "uncertain" ? (dark ? "paper" : "ink") : "",
  };
}

export function drawHatch(map) {
  setImage(map, "hatch-ink", hatch("#1d2b2a"));
  setImage(map, "hatch-paper", hatch("#ffffff"));
}
