// Which colour a class has, in the palette and the theme of the reader.
import { settings } from "./page.js";
import * as state from "./state.js";

export const alphas = [0.3, 0.6, 1];

export function palette(legend) {
  const name = legend.kind === "steps" ? state.get("palette") : legend.palette;
  const theme = document.documentElement.dataset.bsTheme === "dark" ? "dark" : "light";
  const sizes = settings.colours[name] ?? settings.colours.need;
  return sizes[theme][""] ?? sizes[theme][String(legend.steps.length || 1)];
}

export function alphaOf(row) {
  return state.get("alpha") && row.certainty !== null ? alphas[row.certainty] : 1;
}

function channel(part) {
  const value = part / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

function luminance(hex) {
  const [red, green, blue] = [1, 3, 5].map((at) => channel(parseInt(hex.slice(at, at + 2), 16)));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

export const isDark = (hex) => luminance(hex) < 0.18;

export function mixed(hex, ground, share) {
  const part = (colour, at) => parseInt(colour.slice(at, at + 2), 16);
  const values = [1, 3, 5].map((at) => Math.round(share * part(hex, at) + (1 - share) * part(ground, at)));
  return `#${values.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}
