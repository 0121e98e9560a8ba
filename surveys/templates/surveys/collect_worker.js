// Lets the survey's page open without network. Answers are not its business: they lie in
// IndexedDB, where the page puts and sends them.
const given = {{ given }};
const prefix = `collect-${given.town}-`;
const name = prefix + given.version;
const PATIENCE = 4000;

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches.open(name).then(async (cache) => {
      await cache.addAll(given.files);
      const page = await fetch(given.page, { credentials: "same-origin" });
      if (page.ok && !page.redirected) await cache.put(given.page, page);
    }),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const key of await caches.keys()) {
      if (key.startsWith(prefix) && key !== name) await caches.delete(key);
    }
    await self.clients.claim();
  })());
});

self.addEventListener("message", (event) => {
  if (event.data === "take over") self.skipWaiting();
  // Fonts and pictures that the page loaded before this worker was there.
  if (Array.isArray(event.data?.keep)) {
    event.waitUntil(caches.open(name).then((cache) => Promise.allSettled(
      event.data.keep.map(async (url) => (await cache.match(url)) || cache.add(url)),
    )));
  }
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate" && url.pathname === given.page) event.respondWith(page(request));
  else if (url.pathname.startsWith("/static/")) event.respondWith(asset(request));
});

// The network first, so that who signed out is asked to sign in; but not for ever.
async function page(request) {
  const cache = await caches.open(name);
  const control = new AbortController();
  const timer = setTimeout(() => control.abort(), PATIENCE);
  try {
    const response = await fetch(request, { signal: control.signal });
    if (response.status >= 500) throw new Error("the server is down");
    if (response.ok && response.type === "basic" && !response.redirected) {
      await cache.put(given.page, response.clone());
    }
    return response;
  } catch (error) {
    const kept = await cache.match(given.page);
    if (kept) return kept;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function asset(request) {
  const cache = await caches.open(name);
  const kept = await cache.match(request);
  if (kept) return kept;
  const response = await fetch(request);
  if (response.ok) await cache.put(request, response.clone());
  return response;
}
