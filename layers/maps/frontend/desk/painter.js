// Figures on a map: each zone's state, joined by its code, says how it is drawn.
// The tiles and the style stay the same.
import { hatch, setImage } from "../icons.js";
import { colour } from "../town-map.js";
import { alphaOf, isDark, mixed, palette } from "./colours.js";
import { settings } from "./page.js";

const { zones } = settings;
const [SHADE, LIGHT] = ["#120c09", "#fffefb"];

export function setState(map, code, values) {
  for (const source of [zones, `${zones}_labels`]) {
    map.setFeatureState({ source, sourceLayer: source, id: code }, values);
  }
}

export function paint(map, view) {
  const colours = palette(view.legend);
  const land = colour("map-land");
  for (const [code, row] of Object.entries(view.zones)) setState(map, code, look(row, colours, land));
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
