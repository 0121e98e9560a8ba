// One interview: section after section, kept on the device with every answer.
import h from "solid-js/h";
import { For, Show, createEffect, createMemo, createSignal, onCleanup, untrack } from "solid-js";

import { find, instanceId, labelOf, leaves, openForm, openInstance, sections, written } from "./engine.js";
import { Questions, fill, isolated } from "./fields.js";

const PAUSE = 400;

// `draft` as the store keeps it; `fresh` tells what to answer beforehand in a new one.
export async function openInterview({ app, form, draft, fresh = {} }) {
  const loaded = await openForm(form);
  const who = { user: app.user(), device: app.device };
  const root = await openInstance(loaded, who, { xml: draft.xml, files: draft.files, edit: draft.edit });
  draft.edit = false;
  speak(root, app.settings.language);
  for (const [part, value] of Object.entries(fresh)) {
    const node = form.parts[part] && find(root, form.parts[part]);
    if (value && node?.nodeType === "select") node.selectValue(value);
    else if (value && node?.nodeType === "input") node.setValue(value);
  }
  return () => h(Interview, { app, form, draft, root });
}

function speak(root, language) {
  const wanted = root.languages.find((each) => each.language.includes(`(${language})`) || each.language === language);
  if (wanted) root.setLanguage(wanted);
}

function Interview({ app, form, draft, root }) {
  const { words } = app.settings;
  const all = createMemo(() => sections(root));
  const [key, setKey] = createSignal(draft.section ?? null);
  const index = () => Math.max(0, all().findIndex((each) => each.key === key()));
  const section = () => all()[index()];
  const currentKey = createMemo(() => section()?.key);
  const [strict, setStrict] = createSignal(false);
  const [summary, setSummary] = createSignal(false);
  const saver = keeper({ app, form, draft, root, section: () => untrack(currentKey) });
  const kit = kitOf({ app, form, strict });

  createEffect(() => { void root.instanceState.instanceXML; void currentKey(); saver.soon(); });
  const leave = () => saver.now();
  addEventListener("pagehide", leave);
  onCleanup(() => { removeEventListener("pagehide", leave); kit.release(); saver.now(); });

  function go(to) {
    setStrict(false);
    setSummary(false);
    setKey(untrack(all)[Math.max(0, Math.min(untrack(all).length - 1, to))]?.key ?? null);
    scrollTo({ top: 0 });
    queueMicrotask(() => document.querySelector(".collect-section h2")?.focus());
  }
  function faults(nodes) {
    return nodes.flatMap((node) => [...leaves(node)]).filter((node) => node.validationState?.violation);
  }
  function next() {
    const [first] = untrack(() => faults(section().nodes));
    if (first) {
      setStrict(true);
      return reveal(first);
    }
    return go(untrack(index) + 1);
  }
  function reveal(node) {
    const box = document.getElementById(`q-${node.nodeId.replace(/\W/g, "-")}-box`);
    box?.scrollIntoView({ block: "center" });
    box?.querySelector("input, select, textarea, button")?.focus({ preventScroll: true });
  }
  async function finish() {
    const wrong = untrack(() => all().flatMap((each) => faults(each.nodes).map((node) => ({ section: each, node }))));
    if (wrong.length) {
      setStrict(true);
      setSummary(wrong);
      return;
    }
    await saver.settled();
    const { xml, files } = await written(root);
    const item = {
      id: instanceId(xml), user: draft.user, form: draft.form, title: draft.title,
      label: draft.label, parcel: draft.parcel, returned: draft.returned, at: Date.now(), xml, files,
      state: "waiting", tries: 0,
    };
    if (await app.guard(() => app.store.enqueue(draft.id, item))) {
      saver.stop();
      app.home();
      app.outbox.send({ now: true });
    }
  }
  const last = () => index() === all().length - 1;

  return h("div", { class: "collect-interview" },
    h("div", { class: "collect-head" },
      h("button", { type: "button", class: "btn btn-outline-primary", onClick: async () => { await saver.now(); app.home(); } }, words.save),
      h("h1", { class: "h3" }, form.title),
      h(Show, { when: root.languages.length > 1 }, h("select", {
        class: "form-select", "aria-label": words.language,
        onChange: (event) => root.setLanguage(root.languages[event.target.value]),
      }, root.languages.map((each, number) => h("option", { value: number, selected: root.currentState.activeLanguage.language === each.language }, ownName(each.language)))))),
    h("div", { class: "collect-progress" },
      h("progress", { max: () => all().length, value: () => index() + 1, "aria-label": words.jump }),
      h("details", { class: "menu collect-jump" },
        h("summary", {}, () => fill(words.section, { number: index() + 1, total: all().length })),
        h("ol", { class: "sheet" }, h(For, { each: all }, (each, number) => h("li", {},
          h("button", {
            type: "button", "aria-current": () => (each.key === currentKey() ? "step" : undefined),
            onClick: (event) => { event.currentTarget.closest("details").open = false; go(number()); },
          }, () => titleOf(each) || labelOf(each.nodes[0]) || fill(words.of, { number: number() + 1, total: all().length }),
          h(Show, { when: () => faults(each.nodes).length }, h("span", { class: "collect-dot", "aria-label": words.problem })))))))),
    h(Show, { when: summary }, () => h("div", { class: "notice notice-danger", role: "alert" },
      h("p", {}, words.violations),
      h("ul", {}, summary().slice(0, 20).map((each) => h("li", {},
        h("button", { type: "button", class: "btn btn-link", onClick: () => { go(untrack(all).findIndex((one) => one.key === each.section.key)); setStrict(true); setTimeout(() => reveal(each.node)); } },
          labelOf(each.node) || each.node.currentState.reference)))))),
    h(Show, { when: currentKey, keyed: true }, () => Section({ section, all, kit, words, go })),
    h("div", { class: "collect-foot" },
      h("button", { type: "button", class: "btn btn-outline-primary", disabled: () => index() === 0, onClick: () => go(index() - 1) }, words.back),
      h(Show, { when: last, fallback: h("button", { type: "button", class: "btn btn-primary", "data-next": "", onClick: next }, words.next) },
        h("button", { type: "button", class: "btn btn-primary", "data-finish": "", onClick: finish }, words.finish))),
    h("p", { class: "soft small collect-saved", role: "status", "data-pending": () => (saver.pending() ? "" : undefined) }, () => saver.said()));
}

// "Arabic (ar)" as its speakers call it.
function ownName(language) {
  const code = language.match(/\((\w+)\)$/)?.[1];
  return code ? new Intl.DisplayNames([code], { type: "language" }).of(code) : language;
}

function titleOf(section) {
  const own = section.node ? labelOf(section.node) : section.kind === "add" ? labelOf(section.range) : "";
  const around = section.context.map((each) => each()).map((each) =>
    typeof each === "string" ? each : `${each.name} ${each.number}/${each.total}`);
  return [...around, own].filter(Boolean).join(" · ");
}

function Section({ section, all, kit, words, go }) {
  const mine = untrack(section);
  const nodes = createMemo(() => (mine.node ? [mine.node] : section()?.nodes ?? []), undefined, {
    equals: (a, b) => a.length === b.length && a.every((node, index) => node === b[index]),
  });
  // The group's own label is the section's title already.
  const inside = () => (mine.node ? relevantOf(mine.node) : nodes());
  return h("section", { class: "collect-section" },
    h(Show, { when: () => titleOf(section() ?? mine) }, h("h2", { tabindex: "-1" }, () => titleOf(section() ?? mine))),
    mine.kind === "add"
      ? h("button", { type: "button", class: "btn btn-primary", "data-add": "", onClick: () => {
        const at = untrack(() => all().findIndex((each) => each.key === mine.key));
        mine.range.addInstances();
        go(at);
      } }, words.add)
      : Questions({ nodes: inside, kit }),
    h(Show, { when: () => mine.entry?.range.nodeType === "repeat-range:uncontrolled" },
      h("button", { type: "button", class: "btn btn-outline-primary", onClick: () => {
        if (confirm(words.removeRepeat)) { mine.entry.range.removeInstances(mine.entry.index); go(0); }
      } }, words.remove)));
}

function relevantOf(node) {
  return (node.currentState.children ?? []).filter((child) => child.currentState.relevant);
}

function kitOf({ app, form, strict }) {
  const urls = new Map();
  return {
    words: app.settings.words, bounds: app.settings.bounds, strict,
    file(name) {
      const blob = form.files[decodeURIComponent(name)]?.blob;
      if (!blob) return "";
      if (!urls.has(name)) urls.set(name, URL.createObjectURL(blob));
      return urls.get(name);
    },
    outlines() { return form.outlines ?? []; },
    release() { for (const url of urls.values()) URL.revokeObjectURL(url); },
  };
}

// Writes the draft soon after each answer, one writing at a time, the newest last.
function keeper({ app, form, draft, root, section }) {
  const { words } = app.settings;
  const [said, say] = createSignal("");
  // What was answered since the last writing: "saved" is not said of it.
  const [pending, setPending] = createSignal(false);
  let timer = null, running = Promise.resolve(), stopped = false;
  const about = (code) => (code ? { parcel: code, label: fill(words.parcel, { code: isolated(code) }) } : {});
  async function write() {
    if (stopped) return;
    const { xml, files } = await written(root);
    if (stopped) return;
    const parcel = form.parts.parcel && find(root, form.parts.parcel);
    Object.assign(draft, {
      xml, files, at: Date.now(), section: section(),
      ...about(parcel?.currentState.instanceValue),
    });
    if (!(await app.guard(() => app.store.keepDraft({ ...draft })))) return;
    say(words.draftSaved);
    if (xml !== untrack(() => root.instanceState.instanceXML) || draft.section !== section()) return;
    // Writing sets the hour of its end, which looks like one more answer.
    clearTimeout(timer);
    setPending(false);
  }
  const now = () => { clearTimeout(timer); return (running = running.then(write)); };
  return {
    said, pending, now,
    soon() { setPending(true); clearTimeout(timer); timer = setTimeout(now, PAUSE); },
    settled() { clearTimeout(timer); return running; },
    stop() { stopped = true; clearTimeout(timer); },
  };
}
