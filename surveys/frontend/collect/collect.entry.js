// The survey in the browser, with or without network.
import h from "solid-js/h";
import { For, Show } from "solid-js";
import { render } from "solid-js/web";

import { App } from "./app.js";
import { Desk } from "./desk.js";
import { openStore } from "./store.js";

const box = document.getElementById("collect");
const settings = JSON.parse(document.getElementById("collect-settings").textContent);
const app = new App(settings, await openStore(settings.town));
box.querySelector("[data-loading]").remove();

function Page() {
  const { words } = settings;
  return h("div", {},
    h("div", { role: "status" },
      h(For, { each: () => Object.entries(app.notices()) }, ([key, text]) =>
        h("div", { class: "notice notice-warning", "data-notice": key },
          h("p", {}, text),
          key === "signedOut" ? h("a", { class: "btn btn-primary", href: settings.signIn }, words.signIn) : null)),
      h(Show, { when: app.update }, () => h("div", { class: "notice" },
        h("p", {}, words.newVersion),
        h("button", { type: "button", class: "btn btn-primary", onClick: () => app.update().postMessage("take over") }, words.update))),
      h(Show, { when: app.busy }, h("p", { class: "soft" }, words.fetching))),
    h(Show, { when: app.view, keyed: true, fallback: () => h(Desk, { app }) }, (view) => view()));
}

render(Page, box);
await app.open();
box.dataset.ready = "";
install();
warnBeforeSigningOut();

// Without a secure origin there is no worker: the page then needs the network to open.
async function install() {
  if (!("serviceWorker" in navigator)) return;
  const registration = await navigator.serviceWorker.register(settings.worker);
  const ready = await navigator.serviceWorker.ready;
  const loaded = performance.getEntriesByType("resource").map((each) => each.name);
  ready.active.postMessage({ keep: loaded.filter((url) => url.startsWith(`${location.origin}/static/`)) });
  const offer = () => { if (registration.waiting && navigator.serviceWorker.controller) app.setUpdate(registration.waiting); };
  offer();
  registration.addEventListener("updatefound", () => registration.installing?.addEventListener("statechange", offer));
  let reloading = false;
  const had = navigator.serviceWorker.controller;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (!had || reloading) return;
    reloading = true;
    location.reload();
  });
}

// Questionnaires and lists of households go with the session; answers stay.
function warnBeforeSigningOut() {
  for (const form of document.querySelectorAll("form[action*='logout']")) {
    form.addEventListener("submit", async (event) => {
      if (form.dataset.sure) return;
      event.preventDefault();
      if ((app.queue().length || app.drafts().length) && !confirm(settings.words.signOutWarning)) return;
      await app.store.forget();
      form.dataset.sure = "yes";
      form.submit();
    });
  }
}
