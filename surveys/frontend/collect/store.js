// What lies on the device: questionnaires with their files, drafts, the outbox. Everything
// carries its surveyor's ID, so that nobody sees or sends what another has filled.
import { openDB } from "idb";

const VERSION = 1;
const KEEP_SENT = 7 * 24 * 3600 * 1000;

export async function openStore(town) {
  const db = await openDB(`collect-${town}`, VERSION, {
    upgrade(db) {
      db.createObjectStore("meta");
      db.createObjectStore("forms", { keyPath: "key" });
      db.createObjectStore("drafts", { keyPath: "id" });
      db.createObjectStore("outbox", { keyPath: "id" });
      db.createObjectStore("sent", { keyPath: "id" });
    },
    blocking() { db.close(); },
  });
  return new Store(db);
}

class Store {
  constructor(db) { this.db = db; }

  async lastState() { return this.db.get("meta", "state"); }

  // Another surveyor's questionnaires name other households: they go.
  async keepState(state) {
    const { csrf, ...kept } = state;
    const tx = this.db.transaction(["meta", "forms"], "readwrite");
    await tx.objectStore("meta").put({ ...kept, at: Date.now() }, "state");
    const forms = tx.objectStore("forms");
    for (const key of await forms.getAllKeys()) {
      if (!key.startsWith(`${state.user.id}:`)) await forms.delete(key);
    }
    await tx.done;
  }

  async forget() {
    const tx = this.db.transaction(["meta", "forms"], "readwrite");
    await tx.objectStore("meta").clear();
    await tx.objectStore("forms").clear();
    await tx.done;
  }

  async form(user, id) { return this.db.get("forms", `${user}:${id}`); }
  async keepForm(user, form) { await this.db.put("forms", { ...form, key: `${user}:${form.id}` }); }

  // A version that no draft, queue or list speaks of any more makes room.
  async dropForms(user, wanted) {
    const drafts = (await this.db.getAll("drafts")).map((each) => each.form);
    const keep = new Set([...wanted, ...drafts].map((id) => `${user}:${id}`));
    for (const key of await this.db.getAllKeys("forms")) {
      if (!keep.has(key)) await this.db.delete("forms", key);
    }
  }

  async drafts(user) { return mine(await this.db.getAll("drafts"), user); }
  async draft(id) { return this.db.get("drafts", id); }
  async keepDraft(draft) { await this.db.put("drafts", draft); }
  async dropDraft(id) { await this.db.delete("drafts", id); }

  async queue(user) { return mine(await this.db.getAll("outbox"), user); }
  async others(user) {
    return (await this.db.getAll("outbox")).filter((each) => each.user !== user).length;
  }
  async keepQueued(item) { await this.db.put("outbox", item); }
  async dropQueued(id) { await this.db.delete("outbox", id); }

  // In one transaction: the answers are a draft or in the outbox, never neither.
  async enqueue(draftId, item) {
    const tx = this.db.transaction(["drafts", "outbox"], "readwrite");
    await tx.objectStore("outbox").put(item);
    await tx.objectStore("drafts").delete(draftId);
    await tx.done;
  }

  async confirm(item, message) {
    const tx = this.db.transaction(["outbox", "sent"], "readwrite");
    await tx.objectStore("sent").put({
      id: item.id, user: item.user, title: item.title, label: item.label, at: Date.now(), message,
    });
    await tx.objectStore("outbox").delete(item.id);
    await tx.done;
  }

  async sent(user) {
    const all = await this.db.getAll("sent");
    const old = Date.now() - KEEP_SENT;
    for (const each of all) if (each.at < old) await this.db.delete("sent", each.id);
    return mine(all, user).filter((each) => each.at >= old).sort((a, b) => b.at - a.at);
  }
}

function mine(all, user) {
  return all.filter((each) => each.user === user).sort((a, b) => a.at - b.at);
}
