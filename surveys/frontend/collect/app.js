// Holds the pieces together: what the server last said, what lies on the device, and which
// of the two views is open.
import { batch, createSignal } from "solid-js";

import { fill, isolated } from "./fields.js";
import { openInterview } from "./interview.js";
import { Outbox, SignedOut, ask } from "./sending.js";

const WRONG_CLOCK_MINUTES = 10;
const LOW_SPACE = 50 * 1024 * 1024;

export class App {
  constructor(settings, store) {
    this.settings = settings;
    this.store = store;
    for (const [name, first] of Object.entries({
      state: null, online: navigator.onLine, busy: false, drafts: [], queue: [], sent: [],
      others: 0, notices: {}, view: null, position: null, update: null,
    })) {
      const [read, write] = createSignal(first);
      this[name] = read;
      this[`set${name[0].toUpperCase()}${name.slice(1)}`] = write;
    }
    this.device = deviceId();
    this.outbox = new Outbox({
      store, url: settings.send, state: () => this.fetchState(), changed: () => this.look(),
    });
    this.outbox.signedOut = () => this.notice("signedOut", "loggedOut");
    this.outbox.delivered = () => this.refresh();
  }

  user() { return this.state().user; }

  notice(key, word, given = {}) {
    const text = word && fill(this.settings.words[word], given);
    const { [key]: _former, ...others } = this.notices();
    this.setNotices(text ? { ...others, [key]: text } : others);
  }

  async open() {
    addEventListener("online", () => this.setOnline(true));
    addEventListener("offline", () => this.setOnline(false));
    this.setState((await this.store.lastState()) ?? null);
    await this.look();
    await this.refresh();
    this.outbox.start();
    navigator.storage?.persist?.();
    this.space();
  }

  async look() {
    const user = this.state()?.user.id;
    const [drafts, queue, sent, others] = await Promise.all([
      this.store.drafts(user), this.store.queue(user), this.store.sent(user), this.store.others(user),
    ]);
    batch(() => {
      this.setDrafts(unmoved(this.drafts(), drafts));
      this.setQueue(unmoved(this.queue(), queue));
      this.setSent(unmoved(this.sent(), sent));
      this.setOthers(others);
    });
  }

  // The server's state with the token, or null without network or without a session.
  async fetchState() {
    try {
      const response = await ask(this.settings.state);
      if (!response.ok) return null;
      const state = await response.json();
      this.notice("signedOut", "");
      const minutes = Math.round((Date.now() - Date.parse(state.now)) / 60_000);
      this.notice("clock", Math.abs(minutes) >= WRONG_CLOCK_MINUTES ? "clock" : "", { minutes: Math.abs(minutes) });
      return state;
    } catch (error) {
      if (error instanceof SignedOut) this.notice("signedOut", "loggedOut");
      return null;
    }
  }

  async refresh() {
    this.setBusy(true);
    try {
      const state = await this.fetchState();
      if (!state) return;
      await this.guard(() => this.store.keepState(state));
      this.setState(await this.store.lastState());
      for (const form of state.forms) await this.guard(() => this.fetchForm(state.user.id, form));
      await this.store.dropForms(state.user.id, state.forms.map((each) => each.id));
      await this.look();
    } finally {
      this.setBusy(false);
    }
  }

  // Only what changed is fetched: hashes tell.
  async fetchForm(user, form) {
    const former = await this.store.form(user, form.id);
    const files = {};
    for (const { name, md5, url } of form.files) {
      const kept = former?.files[name];
      files[name] = kept?.md5 === md5 ? kept : { md5, blob: await (await good(url)).blob() };
    }
    const xml = former?.md5 === form.md5 ? former.xml : await (await good(form.url)).text();
    await this.store.keepForm(user, { ...form, xml, files });
  }

  // Runs a writing to the device; a full device is said, and nothing on screen is lost.
  async guard(write) {
    try {
      await write();
      this.notice("full", "");
      return true;
    } catch (error) {
      if (error instanceof SignedOut || error instanceof TypeError) return false;
      if (error?.name === "QuotaExceededError" || error?.inner?.name === "QuotaExceededError") {
        this.notice("full", "full");
        return false;
      }
      throw error;
    }
  }

  async space() {
    const { quota, usage } = (await navigator.storage?.estimate?.()) ?? {};
    this.notice("space", quota && quota - usage < LOW_SPACE ? "lowSpace" : "");
  }

  locate() {
    navigator.geolocation?.getCurrentPosition(
      ({ coords }) => this.setPosition([coords.longitude, coords.latitude]),
      () => this.notice("position", "noLocation"), { enableHighAccuracy: true, timeout: 15_000 },
    );
  }

  // -- interviews ------------------------------------------------------------------------

  home() { this.setView(null); this.look(); scrollTo({ top: 0 }); }

  async start(code, fresh = {}) {
    const listed = this.state().forms.find((each) => each.code === code) ?? this.state().forms[0];
    await this.fill(listed.id, this.newDraft(listed), fresh);
  }

  newDraft(form) {
    return { id: crypto.randomUUID(), user: this.user().id, form: form.id, title: form.title, label: "", at: Date.now(), xml: "", files: [] };
  }

  async resume(id) {
    const draft = await this.store.draft(id);
    await this.fill(draft.form, draft);
  }

  // The record as the server has it; or, of one that came in a file, the household's form.
  async correct(returned) {
    const form = await this.store.form(this.user().id, returned.form);
    const draft = { ...this.newDraft(form ?? { id: returned.form, title: "" }), returned: returned.id, label: returned.parcel && fill(this.settings.words.parcel, { code: isolated(returned.parcel) }) };
    if (!returned.url) return this.fill(draft.form, draft, { parcel: returned.parcel, household: returned.householdKey });
    const kept = this.drafts().find((each) => each.returned === returned.id);
    if (kept) return this.resume(kept.id);
    try {
      const { xml, files } = await (await good(returned.url)).json();
      draft.xml = xml;
      draft.files = await Promise.all(files.map(async ({ name, url }) => ({ name, blob: await (await good(url)).blob() })));
      draft.edit = true;
    } catch (error) {
      return this.notice("correct", error instanceof SignedOut ? "loggedOut" : "offline");
    }
    return this.fill(draft.form, draft);
  }

  async fill(formId, draft, fresh = {}) {
    this.setBusy(true);
    try {
      const form = await this.store.form(this.user().id, formId);
      if (!form) return this.notice("form", "cantOpen");
      form.outlines = await outlinesOf(form);
      const view = await openInterview({ app: this, form, draft, fresh });
      this.notice("form", "");
      this.setView(() => view);
    } catch (error) {
      this.notice("form", "cantOpen");
      throw error;
    } finally {
      this.setBusy(false);
    }
  }

  async dropDraft(id) { await this.store.dropDraft(id); await this.look(); }
  async dropQueued(id) { await this.store.dropQueued(id); await this.look(); }
}

// What was read anew and is as before stays the same object: a row that stays is not made
// anew, under the finger that is just touching it.
function unmoved(former, now) {
  const same = (one, other) => ["id", "at", "state", "nextAt", "message"].every((name) => one[name] === other[name]);
  return now.map((each) => former.find((one) => same(one, each)) ?? each);
}

// Corners of the form's parcels, to find one's way on a map by.
async function outlinesOf(form) {
  const list = form.files["parcels.geojson"];
  if (!list) return [];
  const { features } = JSON.parse(await list.blob.text());
  return features.map(({ geometry }) =>
    geometry.coordinates[0].map(([east, north]) => `${north} ${east} 0 0`).join(";"));
}

async function good(url) {
  const response = await ask(url);
  if (!response.ok) throw new TypeError(`${response.status} ${url}`);
  return response;
}

function deviceId() {
  const key = "collect-device";
  const kept = localStorage.getItem(key) ?? `browser:${crypto.randomUUID()}`;
  localStorage.setItem(key, kept);
  return kept;
}
