// The outbox: tries until the server has confirmed, slower each time, and at once when the
// network comes back. The server knows an instance by its ID, so sending twice is harmless.
const FIRST = 5_000;
const LONGEST = 15 * 60_000;

export function delay(tries) {
  const wait = Math.min(LONGEST, FIRST * 2 ** tries);
  return wait * (0.75 + Math.random() / 2);
}

export class SignedOut extends Error {}

// Redirects lead to the page where one signs in: to a program that is an answer too.
export async function ask(url, options = {}) {
  const response = await fetch(url, {
    credentials: "same-origin", redirect: "manual", cache: "no-store", ...options,
  });
  if (response.type === "opaqueredirect" || response.status === 401 || response.status === 403) {
    throw new SignedOut();
  }
  return response;
}

export class Outbox {
  // `state` fetches the server's state: who is signed in, and the token for sending.
  constructor({ store, url, state, changed }) {
    Object.assign(this, { store, url, state, changed });
    this.timer = null;
  }

  start() {
    addEventListener("online", () => this.send({ now: true }));
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.send();
    });
    this.send({ now: true });
  }

  // Another tab may be at it: only one sends.
  async send({ now = false } = {}) {
    clearTimeout(this.timer);
    if (!navigator.locks) return this.attempt(now);
    return navigator.locks.request("collect-outbox", { ifAvailable: true }, (lock) =>
      lock ? this.attempt(now) : this.later(FIRST),
    );
  }

  later(wait) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), wait);
  }

  async attempt(now) {
    const known = await this.store.lastState();
    if (!known) return;
    const waiting = (await this.store.queue(known.user.id)).filter(
      (each) => each.state !== "refused" && (now || !each.nextAt || each.nextAt <= Date.now()),
    );
    if (waiting.length && navigator.onLine) {
      // Anew each time: who is signed in now may be somebody else, and tokens expire.
      const state = await this.state();
      if (state && state.user.id === known.user.id) {
        let sent = 0;
        for (const item of waiting) {
          if (!(await this.deliver(item, state.csrf))) break;
          sent += 1;
        }
        if (sent) await this.delivered?.();
      }
    }
    await this.plan(known.user.id);
  }

  async plan(user) {
    const next = (await this.store.queue(user))
      .filter((each) => each.state !== "refused")
      .map((each) => each.nextAt ?? Date.now() + FIRST);
    if (next.length) this.later(Math.max(1000, Math.min(...next) - Date.now()));
    this.changed();
  }

  // Tells whether it makes sense to go on with the next one.
  async deliver(item, csrf) {
    const body = new FormData();
    body.append("xml_submission_file", new Blob([item.xml], { type: "text/xml" }), "submission.xml");
    for (const { name, blob } of item.files) body.append(name, blob, name);
    await this.store.keepQueued({ ...item, state: "sending" });
    this.changed();
    try {
      const response = await ask(this.url, {
        method: "POST", body, headers: { "X-CSRFToken": csrf },
      });
      if (response.status >= 500 || response.status === 429) throw new Error(String(response.status));
      const { message = "" } = await response.json().catch(() => ({}));
      if (response.ok) await this.store.confirm(item, message);
      else await this.store.keepQueued({ ...item, state: "refused", message: message || String(response.status) });
      return true;
    } catch (error) {
      const tries = (item.tries ?? 0) + 1;
      await this.store.keepQueued({
        ...item, state: "waiting", tries, nextAt: Date.now() + delay(tries - 1),
      });
      if (error instanceof SignedOut) this.signedOut?.();
      return false;
    } finally {
      this.changed();
    }
  }
}
