// Taking the view away: its address, a picture, a sheet of paper.
import { onFigures, view } from "./figures.js";
import { palette } from "./colours.js";
import { main } from "./maps.js";
import { byId, say, words } from "./page.js";
import * as state from "./state.js";

const STRIP = 150;

function follow() {
  for (const link of document.querySelectorAll("[data-follow]")) link.search = state.question();
}

// The map as it is seen, with its legend under it, as a PNG.
export function picture() {
  const canvas = main().getCanvas();
  const ratio = canvas.width / canvas.clientWidth;
  const out = document.createElement("canvas");
  out.width = canvas.width;
  out.height = canvas.height + STRIP * ratio;
  const pen = out.getContext("2d");
  const style = getComputedStyle(document.documentElement);
  const role = (name) => style.getPropertyValue(`--${name}`).trim();
  pen.fillStyle = role("surface");
  pen.fillRect(0, 0, out.width, out.height);
  pen.drawImage(canvas, 0, 0);
  pen.translate(0, canvas.height);
  pen.scale(ratio, ratio);
  legend(pen, canvas.clientWidth, role);
  return new Promise((resolve) => { out.toBlob(resolve, "image/png"); });
}

function legend(pen, width, role) {
  const { legend: said, title, group } = view();
  const rtl = document.dir === "rtl";
  const family = getComputedStyle(document.body).fontFamily;
  const x = (at) => (rtl ? width - at : at);
  pen.direction = rtl ? "rtl" : "ltr";
  pen.textAlign = "start";
  const write = (text, at, y, size, weight = 400, ink = "ink") => {
    pen.font = `${weight} ${size}px ${family}`;
    pen.fillStyle = role(ink);
    pen.fillText(text, x(at), y, width - at - 20);
  };
  write(title, 20, 32, 18, 600);
  write(`${said.heading} · ${said.round} · ${group}`, 20, 56, 14, 400, "ink-soft");
  const steps = said.kind === "bivariate" ? [] : said.steps;
  const colours = palette(said);
  const size = Math.min(110, (width - 40) / Math.max(steps.length, 1));
  steps.forEach(({ label }, place) => {
    pen.fillStyle = colours[place];
    pen.fillRect(rtl ? width - 20 - size * (place + 1) : 20 + size * place, 68, size - 2, 16);
    write(said.kind === "steps" ? `\u2066${label}\u2069` : label, 20 + size * place, 101, said.kind === "steps" ? 13 : 11);
  });
  write([said.town, said.sample].filter(Boolean).join(" "), 20, 124, 12, 400, "ink-soft");
  write([...said.keys.map(({ label }) => label), said.definition].join(" · "), 20, 142, 12, 400, "ink-soft");
}

async function savePicture() {
  const blob = await picture();
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${["indicator", "round", "breakdown"].map(state.get).join("-").replaceAll(":", "-")}.png`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

export function begin() {
  document.querySelector("[data-share]").addEventListener("click", async () => {
    state.write();
    await navigator.clipboard.writeText(location.href).catch(() => undefined);
    say(words.copied, 2.5);
  });
  // The address as it is when the link is followed.
  const save = document.querySelector("[data-save]");
  const aim = () => { save.search = new URLSearchParams({ state: location.search.slice(1) || String(state.drawn()) }); };
  save.addEventListener("pointerdown", aim);
  save.addEventListener("focus", aim);
  save.addEventListener("click", aim);
  document.querySelector("[data-png]").addEventListener("click", () => main() && savePicture());
  const form = byId("print");
  form.addEventListener("submit", () => {
    const asked = state.drawn();
    // The sheet has the layers in the order, opacity and filters of the desk.
    if (state.get("at")) asked.set("at", state.get("at"));
    for (const name of ["layers", "filter"]) if (state.get(name) !== null) asked.set(name, state.get(name));
    for (const field of form.querySelectorAll("[data-filled]")) field.remove();
    for (const [name, value] of asked) {
      const field = Object.assign(document.createElement("input"), { type: "hidden", name, value });
      field.dataset.filled = "";
      form.append(field);
    }
  });
  onFigures(follow);
  state.on(["palette"], follow);
  follow();
}
