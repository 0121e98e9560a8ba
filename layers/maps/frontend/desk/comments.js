// What the staff pinned to the map. Shown on wish, written by clicking the place.
import { Marker, Popup } from "maplibre-gl";

import { main } from "./maps.js";
import { byId, desk, element, fetched, say, words } from "./page.js";
import { clear, sketch } from "./sketch.js";

const dialog = byId("comment");
const form = dialog.querySelector("form");
const button = document.querySelector("[data-comments]");
let pins = [];
let place;

function popup(comment) {
  const box = element("div", { className: "comment" },
    element("p", { text: comment.text }), element("p", { className: "small soft", text: `${comment.by} · ${comment.on}` }));
  if (comment.mine) {
    const away = element("button", { type: "button", className: "btn btn-quiet btn-sm", text: words.delete_comment });
    away.addEventListener("click", () => remove(comment));
    box.append(away);
  }
  return new Popup({ closeButton: true, maxWidth: "18rem" }).setDOMContent(box);
}

function draw(comments) {
  for (const pin of pins) pin.remove();
  pins = comments.map((comment) => {
    const pin = new Marker({ color: "#5b3a8c", scale: 0.8 }).setLngLat(comment.at).setPopup(popup(comment)).addTo(main());
    pin.getElement().setAttribute("aria-label", `${words.comment}: ${comment.text}`);
    return pin;
  });
}

async function load() {
  const { comments } = await (await fetched(desk.dataset.pins)).json();
  draw(comments);
}

function sent(body = {}) {
  const data = new FormData(form);
  for (const [name, value] of Object.entries(body)) data.set(name, value);
  return { method: "POST", body: data };
}

async function remove(comment) {
  try {
    await fetched(`${desk.dataset.pins.replace(/comments\.json$/, "comments/")}${comment.pk}/delete/`, sent());
    await load();
  } catch (error) {
    say(error.message, 6);
  }
}

async function keep(event) {
  event.preventDefault();
  try {
    const answer = await fetched(desk.dataset.pins, sent({ longitude: place[0], latitude: place[1] }));
    draw((await answer.json()).comments);
    on(true);
    dialog.close();
    form.reset();
    clear();
  } catch (error) {
    const wrong = form.querySelector("[role=alert]");
    wrong.textContent = error.message;
    wrong.hidden = false;
  }
}

function on(yes) {
  button.setAttribute("aria-pressed", String(yes));
}

export function begin() {
  button.addEventListener("click", async () => {
    button.closest("details").open = false;
    const show = button.getAttribute("aria-pressed") !== "true";
    on(show);
    if (!show) return draw([]);
    await load().catch((error) => say(error.message, 6));
  });
  document.querySelector("[data-add-comment]").addEventListener("click", (event) => {
    event.target.closest("details").open = false;
    sketch("point", { onEnd: ([at]) => { place = at; dialog.showModal(); } });
  });
  form.addEventListener("submit", keep);
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", clear);
}
