// The map as it is seen, with a legend under it that needs no page around it: a PNG.
import { drawPlace, hatch } from "../icons.js";
import { theme } from "../layer-style.js";
import { colour } from "../town-map.js";
import { alphas, palette } from "./colours.js";
import { view } from "./figures.js";
import { isClassed } from "./keys.js";
import { all, main, otherFigures, padding } from "./maps.js";
import { byId, settings, words } from "./page.js";
import { FILL, NAMES, filters, overlayInk, shown } from "./overlays.js";
import { Sheet } from "./sheet.js";
import * as state from "./state.js";

const EDGE = 20;
const SMALL = { size: 12, ink: "ink-soft" };

// Resolves to a Blob as wide as the part of the map that no panel covers.
export function picture() {
  const frame = main().getContainer().parentElement.getBoundingClientRect();
  const [left, right] = bare(frame.width);
  const width = right - left;
  const ratio = main().getCanvas().width / main().getCanvas().clientWidth;
  const sheet = new Sheet(width);
  const height = legend(sheet, 0);
  const out = Object.assign(document.createElement("canvas"), { width: width * ratio, height: (frame.height + height) * ratio });
  const pen = out.getContext("2d");
  pen.scale(ratio, ratio);
  sheet.paintOn(pen, frame.height + height);
  pen.save();
  pen.beginPath();
  pen.rect(0, 0, width, frame.height);
  pen.clip();
  pen.translate(-left, 0);
  maps(pen, frame);
  pen.restore();
  rounds(sheet, width);
  legend(sheet, frame.height);
  return new Promise((resolve) => { out.toBlob(resolve, "image/png"); });
}

function bare(width) {
  if (state.get("compare") === "side" && all().length > 1) return [0, width];
  const { left, right } = padding();
  return [Math.max(left - 24, 0), Math.min(width - right + 24, width)];
}

// Both maps where two rounds are compared, the second under the line as on the page.
function maps(pen, frame) {
  for (const [place, map] of all().entries()) {
    const box = map.getContainer().getBoundingClientRect();
    const at = [box.left - frame.left, box.top - frame.top, box.width, box.height];
    pen.save();
    if (place && state.get("compare") === "swipe") {
      const share = 22 + ((box.width - 44) * Number(byId("swipe").value)) / 100;
      const rtl = document.dir === "rtl";
      pen.fillStyle = colour("ink");
      pen.fillRect((rtl ? box.width - share : share) - 1.5, 0, 3, box.height);
      pen.beginPath();
      pen.rect(rtl ? 0 : share + 1.5, 0, box.width - share - 1.5, box.height);
      pen.clip();
    }
    pen.drawImage(map.getCanvas(), ...at);
    pen.restore();
  }
}

// Which round is where, in the upper corners of what is compared.
function rounds(sheet, width) {
  if (!otherFigures()) return;
  const names = [view().legend.round, otherFigures().legend.round];
  const at = state.get("compare") === "side" ? [EDGE, width / 2 + EDGE] : [EDGE, width - 180 - EDGE];
  names.forEach((name, place) => {
    sheet.box(at[place], EDGE, 180, 30, colour("surface"));
    sheet.write(name, at[place], EDGE + 4, 180, { weight: 600, middle: true });
  });
}

// Draws from `top` on and returns how high it is.
function legend(sheet, top) {
  const { legend: said, title, group } = view();
  const both = said.kind === "bivariate" ? `${title} · ${said.y.title}` : title;
  const rounds = otherFigures() ? `${said.round} · ${otherFigures().legend.round}` : said.round;
  const whole = sheet.width - 2 * EDGE;
  let y = top + EDGE;
  y += sheet.write(both, EDGE, y, whole, { size: 18, weight: 600 });
  y += sheet.write([settings.town, said.heading, rounds, group].join(" · "), EDGE, y, whole, { ink: "ink-soft" }) + 8;
  const wide = sheet.width >= 640;
  const column = wide ? (whole - EDGE) / 2 : whole;
  const under = figures(sheet, said, EDGE, y, column);
  const beside = layers(sheet, wide ? 2 * EDGE + column : EDGE, wide ? y : under + 8, column);
  y = Math.max(under, beside) + 8;
  const last = [said.sample, said.definition, said.doubtful].filter(Boolean).join(" · ");
  y += sheet.write(said.town, EDGE, y, whole, { size: 13 });
  y += sheet.write(last, EDGE, y, whole, SMALL);
  return y + EDGE * 0.75 - top;
}

function figures(sheet, said, at, top, width) {
  const colours = palette(said);
  let y = top;
  if (said.kind === "bivariate") y = square(sheet, said, colours, at, y, width);
  else if (said.kind === "steps") y = steps(sheet, said, colours, at, y, width);
  else said.steps.forEach(({ label }, place) => { y += sheet.key(filled(colours[place]), label, at, y, width); });
  if (state.get("alpha")) {
    words.certainty.forEach((text, place) => { y += sheet.key(filled(colour("ink-soft"), alphas[place]), text, at, y, width); });
  }
  for (const { flag, label } of said.keys) y += sheet.key(SIGNS[flag], label, at, y, width);
  return y;
}

function steps(sheet, said, colours, at, top, width) {
  const size = Math.min(72, width / Math.max(said.steps.length, 1));
  said.steps.forEach(({ label }, place) => {
    sheet.box(at + size * place, top, size, 16, colours[place]);
    sheet.write(label, at + size * place, top + 18, size, { size: 13, middle: true });
  });
  return top + 42;
}

function square(sheet, said, colours, at, top, width) {
  const side = 44;
  let y = top + sheet.write(`↑ ${said.y.title}`, at, top, width, { size: 13, weight: 600 });
  for (const up of [2, 1, 0]) {
    sheet.write(said.y.steps[up]?.label ?? "", at, y + 4, side, { size: 13, middle: true });
    for (const along of [0, 1, 2]) sheet.box(at + side * (along + 1), y, side - 2, 24, colours[3 * up + along]);
    y += 26;
  }
  for (const along of [0, 1, 2]) sheet.write(said.x.steps[along]?.label ?? "", at + side * (along + 1), y, side, { size: 13, middle: true });
  y += 20;
  return y + sheet.write(`${sheet.rtl ? "←" : "→"} ${said.x.title}`, at, y, width, { size: 13, weight: 600 });
}

const filled = (paint, alpha = 1) => (pen, x, y) => {
  pen.globalAlpha = alpha;
  pen.fillStyle = paint;
  pen.fillRect(x, y, 28, 16);
  pen.globalAlpha = 1;
  pen.strokeStyle = colour("line");
  pen.strokeRect(x + 0.5, y + 0.5, 27, 15);
};

const SIGNS = {
  uncertain(pen, x, y) {
    filled(colour("need-3"))(pen, x, y);
    const tile = document.createElement("canvas");
    const lines = hatch("#1d2b2a");
    Object.assign(tile, { width: lines.width, height: lines.height }).getContext("2d").putImageData(lines, 0, 0);
    pen.fillStyle = pen.createPattern(tile, "repeat");
    pen.fillRect(x, y, 28, 16);
  },
  withheld(pen, x, y) {
    pen.fillStyle = colour("map-withheld");
    pen.fillRect(x, y, 28, 16);
    pen.strokeStyle = colour("ink-soft");
    pen.setLineDash([2, 2.5]);
    pen.strokeRect(x + 0.5, y + 0.5, 27, 15);
    pen.setLineDash([]);
  },
  no_data: (pen, x, y) => filled(colour("map-no-data"))(pen, x, y),
};

// Every layer that is on, the uppermost first: its marks, its name and where it is from.
function layers(sheet, at, top, width) {
  let y = top;
  for (const { name } of shown()) {
    const overlay = name !== NAMES && name !== FILL && settings.overlays.find((each) => each.name === name);
    if (overlay) y += layer(sheet, overlay, at, y, width) + 4;
  }
  return y;
}

function layer(sheet, overlay, at, top, width) {
  const { title, source, style, geometry } = overlay;
  const named = [title, kept(overlay), source].filter(Boolean).join(" · ");
  if (style && !isClassed(style)) return sheet.key(mark(geometry, style.shades[0][theme()]), named, at, top, width);
  if (!style && overlay.name !== "facilities") return sheet.key(mark("line", overlayInk(overlay)), named, at, top, width);
  let y = top + sheet.write(named, at, top, width, { size: 13, weight: 600 });
  if (style?.title) y += sheet.write(style.title, at, y, width, SMALL);
  const items = style
    ? [...style.shades, style.others].filter(Boolean).map((shade) => [mark(geometry, shade[theme()]), shade.label])
    : kinds(overlay).map(({ value, label }) => [place(value), label]);
  const half = (width - 8) / 2;
  items.forEach(([paint, label], number) => {
    const tall = sheet.key(paint, label, at + (number % 2) * (half + 8), y, half);
    if (number % 2 || number === items.length - 1) y += tall;
  });
  return y - top;
}

const mark = (geometry, paint) => (pen, x, y) => {
  if (geometry === "point") {
    pen.fillStyle = paint;
    pen.beginPath();
    pen.arc(x + 14, y + 8, 6, 0, 2 * Math.PI);
    pen.fill();
  } else if (geometry === "line") {
    pen.strokeStyle = paint;
    pen.lineWidth = 2.5;
    pen.beginPath();
    pen.moveTo(x + 2, y + 13);
    pen.lineTo(x + 10, y + 5);
    pen.lineTo(x + 17, y + 11);
    pen.lineTo(x + 26, y + 2);
    pen.stroke();
    pen.lineWidth = 1;
  } else filled(paint)(pen, x, y);
};

const place = (kind) => (pen, x, y) => {
  pen.save();
  pen.translate(x + 4, y - 2);
  pen.scale(0.78, 0.78);
  drawPlace(pen, kind, { ink: colour("map-place"), ground: colour("map-place-ground") });
  pen.restore();
};

function kinds(overlay) {
  const { choices } = overlay.fields.find(({ name }) => name === "kind");
  const chosen = filters()[overlay.name];
  if (chosen?.field !== "kind" || chosen.sign !== "=") return choices;
  const there = new Set(chosen.text.split("|"));
  return choices.filter(({ value }) => there.has(value));
}

// What the reader filters by, in words; the kinds of places stand in the legend itself.
function kept(overlay) {
  const { field, sign, text } = filters()[overlay.name] ?? {};
  const { label, choices } = overlay.fields.find(({ name }) => name === field) ?? {};
  if (!label || overlay.name === "facilities") return "";
  const values = text.split("|").map((value) => choices.find((each) => String(each.value) === value)?.label ?? value);
  return `${label} ${{ "=": "=", "~": "~", "<": "≤", ">": "≥" }[sign]} ${values.join(" | ")}`;
}
