// What the surveyor sees first: what is left to do, what came back, what waits.
import h from "solid-js/h";
import { For, Show, createMemo, createSignal } from "solid-js";

import { fill, isolated, items } from "./fields.js";

const FIRST = 10;

export function Desk({ app }) {
  const { words } = app.settings;
  return h("div", { class: "collect-desk" },
    h("div", { class: "collect-title" },
      h("h1", {}, () => app.state()?.targets[0]?.round ?? words.allForms),
      h("span", { class: () => `tag ${app.online() ? "" : "tag-warning"}`, role: "status" }, () => (app.online() ? words.online : words.offline))),
    h(Progress, { app }),
    h(Returned, { app }),
    h(Drafts, { app }),
    h(Queue, { app }),
    h(Next, { app }),
    h(Forms, { app }),
    h("p", { class: "collect-foot-line" },
      h("button", { type: "button", class: "btn btn-outline-primary", disabled: () => !app.online() || app.busy(), onClick: () => app.refresh() }, words.refresh),
      h("span", { class: "soft small" }, () => (app.state()?.at ? fill(words.storedAt, { time: when(app, app.state().at) }) : ""))));
}

export function when(app, at) {
  return new Intl.DateTimeFormat(`${app.settings.language}-u-nu-latn`, { dateStyle: "medium", timeStyle: "short" }).format(at);
}

const visited = (target) => target.outcome !== "pending";

function Progress({ app }) {
  const { words } = app.settings;
  const targets = () => app.state()?.targets ?? [];
  const here = createMemo(() => waitingParcels(app));
  const done = () => targets().filter((each) => visited(each) || here().has(each.parcel)).length;
  const waiting = () => app.queue().length;
  const own = () => app.state()?.own ?? [];
  return h(Show, { when: () => targets().length || own().length },
    h("div", { class: "panel collect-summary" },
      h(Show, { when: () => targets().length }, h("div", {},
        h("p", { class: "h3" }, () => fill(words.done, { done: done(), total: targets().length })),
        h("progress", { max: () => targets().length, value: done, "aria-label": words.nearest }))),
      // What became of one's records at the office.
      h(Show, { when: () => own().length }, h("p", { "data-own": "" }, () => own().map(({ label, count }) => `${label}: ${count}`).join(" · "))),
      h(Show, { when: waiting }, h("p", { class: "soft" }, () => `${words.outbox}: ${waiting()} · ${words.draftSaved}`))));
}

// What is in the outbox or a draft was begun here, though the server does not know it yet.
function waitingParcels(app) {
  return new Set([...app.queue(), ...app.drafts()].map((each) => each.parcel).filter(Boolean));
}

function Row({ title, text, children, tone = "" }) {
  return h("li", { class: `collect-item ${tone}` },
    h("div", {}, h("p", { class: "collect-name" }, title), h("p", { class: "soft small" }, text)),
    h("div", { class: "collect-buttons" }, children));
}

function block(title, list, row, tone = "") {
  return h(Show, { when: () => list().length },
    h("section", {}, h("h2", {}, title), h("ul", { class: `collect-list ${tone}` }, items(list, row))));
}

function Returned({ app }) {
  const { words } = app.settings;
  const list = createMemo(() => (app.state()?.returned ?? []).filter((each) =>
    !app.queue().some((item) => item.returned === each.id)));
  return block(words.corrections, list, (each) => h(Row, {
    title: each.household ? fill(words.household, { code: isolated(each.household) }) : fill(words.parcel, { code: isolated(each.parcel) }),
    text: each.comments.map(({ question, note }) => (question ? `${question}: ${note}` : note)).map((text) => `«${text}»`).join(" "),
    tone: "collect-returned",
  }, h("button", { type: "button", class: "btn btn-primary", "data-correct": each.id, onClick: () => app.correct(each) }, words.correct)));
}

function Drafts({ app }) {
  const { words } = app.settings;
  return block(words.drafts, app.drafts, (each) => h(Row, { title: each.label || each.title, text: `${each.title} · ${when(app, each.at)}` },
    h("button", { type: "button", class: "btn btn-primary", "data-draft": each.id, onClick: () => app.resume(each.id) }, words.open),
    h("button", { type: "button", class: "btn btn-outline-primary", onClick: () => { if (confirm(words.deleteDraft)) app.dropDraft(each.id); } }, words.delete)));
}

function Queue({ app }) {
  const { words } = app.settings;
  const text = (each) => {
    if (each.state === "refused") return fill(words.refused, { message: each.message });
    if (each.state === "sending") return words.sending;
    return each.nextAt && app.online() ? fill(words.retryAt, { time: when(app, each.nextAt) }) : words.waiting;
  };
  return h("div", {},
    h(Show, { when: app.others }, h("p", { class: "notice notice-warning" }, words.anotherUser)),
    h(Show, { when: () => app.queue().length }, h("section", { "data-outbox": "" },
      h("h2", {}, words.outbox),
      h("ul", { class: "collect-list" }, items(app.queue, (each) => h(Row, {
        title: each.label || each.title, text: h("span", {}, () => text(each)), tone: each.state === "refused" ? "collect-returned" : "",
      }, h(Show, { when: each.state === "refused" }, h("button", { type: "button", class: "btn btn-outline-primary", onClick: () => { if (confirm(words.discardQueued)) app.dropQueued(each.id); } }, words.delete))))),
      h("button", { type: "button", class: "btn btn-outline-primary", disabled: () => !app.online(), onClick: () => app.outbox.send({ now: true }) }, words.sendNow))),
    h(Show, { when: () => app.sent().length }, h("details", { class: "collect-sent" },
      h("summary", {}, () => `${words.sent}: ${app.sent().length}`),
      h("ul", { class: "collect-list" }, h(For, { each: app.sent }, (each) => h(Row, { title: each.label || each.title, text: `${when(app, each.at)} · ${each.message}` }))))));
}

function Next({ app }) {
  const { words } = app.settings;
  const [wanted, want] = createSignal("");
  const [shown, show] = createSignal(FIRST);
  const far = (each) => (app.position() ? metres(app.position(), each.at) : 0);
  // The same targets and no copies of them, so that rows which stay are not made anew.
  const list = createMemo(() => {
    const here = waitingParcels(app);
    const open = (app.state()?.targets ?? []).filter((each) => each.outcome !== "complete" && !here.has(each.parcel));
    const found = wanted() ? open.filter((each) => each.parcel.includes(wanted().trim())) : open;
    return found.toSorted((a, b) => far(a) - far(b) || visited(a) - visited(b));
  });
  return h(Show, { when: () => app.state()?.targets.length }, h("section", {},
    h("h2", {}, words.nearest),
    h("div", { class: "collect-search" },
      h("input", { type: "search", class: "form-control", placeholder: words.findParcel, "aria-label": words.findParcel, onInput: (event) => want(event.target.value) }),
      h("button", { type: "button", class: "btn btn-outline-primary", onClick: () => app.locate() }, words.myLocation)),
    h("ul", { class: "collect-list", "data-next": "" }, items(() => list().slice(0, shown()), (each) => h(Row, {
      title: fill(words.parcel, { code: isolated(each.parcel) }),
      text: h("span", {}, () => [far(each) ? `\u2066${Math.round(far(each))} m\u2069` : "", visited(each) ? each.outcomeName : ""].filter(Boolean).join(" · ")),
    }, h("button", { type: "button", class: visited(each) ? "btn btn-outline-primary" : "btn btn-primary", "data-start": each.parcel, onClick: () => app.start(each.form, { parcel: each.parcel }) }, words.start)))),
    h(Show, { when: () => list().length > shown() }, h("button", { type: "button", class: "btn btn-outline-primary", onClick: () => show(shown() + 30) }, words.more)),
    h(Show, { when: () => wanted() && !list().length }, h("p", { class: "soft" }, words.noMatch))));
}

function metres([east, north], [x, y]) {
  const radian = Math.PI / 180;
  const dx = (x - east) * Math.cos(((y + north) / 2) * radian);
  return Math.hypot(dx, y - north) * 111_320;
}

function Forms({ app }) {
  const { words } = app.settings;
  // Before the first answer of the server nobody knows whether a round is open.
  const empty = () => (app.state() ? words.empty : "");
  return h("section", {}, h("h2", {}, words.allForms),
    h(Show, { when: () => app.state()?.forms.length, fallback: h("p", { class: "soft" }, empty) },
      h("ul", { class: "collect-list" }, h(For, { each: () => app.state().forms }, (each) => h(Row, {
        title: each.title || each.code, text: h("bdi", {}, each.version),
      }, h("button", { type: "button", class: "btn btn-outline-primary", "data-form": each.code, onClick: () => app.start(each.code) }, words.blank))))));
}
