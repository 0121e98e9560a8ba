// The parts of the page that several modules speak to.
import { configuration } from "../town-map.js";

export const desk = document.getElementById("desk");
export const wait = document.getElementById("wait");
export const settings = configuration("settings");
export const { words } = settings;
export const narrow = matchMedia("(max-width: 62rem)");
export const still = matchMedia("(prefers-reduced-motion: reduce)");
export const byId = (id) => document.getElementById(id);

export function element(tag, { text, ...properties } = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made && name !== "list") made[name] = value;
    else made.setAttribute(name, value);
  }
  if (text !== undefined) made.textContent = text;
  made.append(...children.filter(Boolean));
  return made;
}

export function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

let clearing;
export function say(text, seconds = 0) {
  clearTimeout(clearing);
  wait.textContent = text;
  if (seconds) clearing = setTimeout(() => { wait.textContent = ""; }, 1000 * seconds);
}

// Resolves to the answer; what the server says against a question is thrown with its words.
export async function fetched(url, options) {
  desk.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(url, options).catch(() => { throw new Error(words.failed); });
    if (response.ok) return response;
    const said = await response.json().catch(() => ({}));
    throw new Error(said.error ?? words.failed);
  } finally {
    desk.removeAttribute("aria-busy");
  }
}

export async function fragment(url) {
  return (await fetched(url, { headers: { "HX-Request": "true" } })).text();
}
