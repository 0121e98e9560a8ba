// Lengths and areas on the ellipsoid, right to a thousandth for what fits into a town.
import { byId, element, words } from "./page.js";
import { clear, sketch } from "./sketch.js";

const A = 6378137;
const E2 = 0.00669437999014;
const RAD = Math.PI / 180;

// Metres of one degree of longitude and of latitude at a latitude (WGS 84).
export function degree(latitude) {
  const w = 1 - E2 * Math.sin(latitude * RAD) ** 2;
  return [RAD * (A / Math.sqrt(w)) * Math.cos(latitude * RAD), RAD * ((A * (1 - E2)) / w ** 1.5)];
}

export function length(corners) {
  let sum = 0;
  for (let at = 1; at < corners.length; at += 1) {
    const [x, y] = degree((corners[at][1] + corners[at - 1][1]) / 2);
    sum += Math.hypot((corners[at][0] - corners[at - 1][0]) * x, (corners[at][1] - corners[at - 1][1]) * y);
  }
  return sum;
}

export function area(corners) {
  const middle = corners.reduce((sum, corner) => sum + corner[1], 0) / corners.length;
  const [x, y] = degree(middle);
  const plane = corners.map(([lng, lat]) => [(lng - corners[0][0]) * x, (lat - corners[0][1]) * y]);
  const twice = plane.reduce((sum, [ax, ay], at) => {
    const [bx, by] = plane[(at + 1) % plane.length];
    return sum + ax * by - bx * ay;
  }, 0);
  return Math.abs(twice) / 2;
}

const number = (value, digits) => new Intl.NumberFormat("en", { maximumFractionDigits: digits }).format(value);

export function metres(value) {
  return value < 1000 ? `${number(value, 0)} ${words.m}` : `${number(value / 1000, 2)} ${words.km}`;
}

function squares(value) {
  return value < 10000 ? `${number(value, 0)} ${words.m2}` : `${number(value / 10000, 2)} ${words.ha}`;
}

function told(corners, kind) {
  if (kind === "line") return corners.length > 1 ? metres(length(corners)) : "";
  return corners.length > 2 ? `${squares(area(corners))} · ${metres(length([...corners, corners[0]]))}` : "";
}

export function begin() {
  const box = byId("measured");
  for (const button of document.querySelectorAll("[data-measure]")) {
    const kind = button.dataset.measure;
    const show = (corners) => {
      const text = told(corners, kind);
      box.hidden = !text;
      box.firstElementChild.replaceChildren(element("bdi", { text }));
    };
    button.addEventListener("click", () => {
      button.closest("details").open = false;
      box.hidden = true;
      sketch(kind, { onChange: show, onEnd: show, onCancel: () => { box.hidden = true; } });
    });
  }
  box.querySelector("[data-close]").addEventListener("click", () => {
    box.hidden = true;
    clear();
  });
}
