// Sends large files in pieces, so that a broken line costs one piece: the server tells how
// far a file has come, and it goes on there. Without this script the form sends it whole.
const form = document.querySelector("form[data-send]");
if (form && crypto.subtle) start(form);

// Below this the form itself is as quick.
const SMALL = 1024 * 1024;
const PIECE = 1024 * 1024;
const LONGEST_WAIT = 30_000;

function start(form) {
  const words = JSON.parse(document.getElementById("send-words").textContent);
  const input = form.querySelector("input[type=file]");
  const box = form.querySelector("[data-sending]");
  const bar = box.querySelector("progress");
  const say = box.querySelector("[data-say]");

  form.addEventListener("submit", async (event) => {
    const files = [...input.files];
    const total = files.reduce((sum, file) => sum + file.size, 0);
    if (form.dataset.sent || total <= SMALL) return;
    event.preventDefault();
    box.hidden = false;
    bar.max = total;
    try {
      await sendAll(files, total);
    } catch (error) {
      stop(error.message);
    }
  });

  async function sendAll(files, total) {
    const sent = [];
    let before = 0;
    for (const file of files) {
      const key = await nameOf(file);
      await send(file, key, (size) => show(before + size, total));
      before += file.size;
      sent.push(`${key} ${file.name.replace(/[\r\n]/g, " ")}`);
    }
    form.elements.sent.value = sent.join("\n");
    // The bytes are there already.
    input.disabled = true;
    say.textContent = words.whole;
    form.submit();
  }

  async function send(file, key, tell) {
    let size = await ask(key);
    tell(size);
    while (size < file.size) {
      const piece = file.slice(size, size + PIECE);
      const answer = await call(key, { method: "POST", body: piece, headers: { "Upload-Offset": size, "Content-Type": "application/octet-stream" } });
      // What another page sent meanwhile, or what came of a broken piece, is not sent again.
      size = answer ? answer.size : await ask(key);
      tell(size);
    }
  }

  const ask = async (key) => (await call(key, {})).size;

  // Tries until the line is back. Nothing where the piece doesn't fit what is there.
  async function call(key, options) {
    const headers = { ...options.headers, "Upload-Key": key, "X-CSRFToken": form.elements.csrfmiddlewaretoken.value };
    for (let wait = 1000; ; wait = Math.min(wait * 2, LONGEST_WAIT)) {
      let response;
      try {
        response = await fetch(form.dataset.send, { ...options, headers });
      } catch {
        say.textContent = words.broken;
        await pause(wait);
        continue;
      }
      if (response.redirected || response.status === 403) throw new Error(words.signed_out);
      if (response.status >= 500 || response.status === 400) {
        say.textContent = words.broken;
        await pause(wait);
        if (options.method) return null;
        continue;
      }
      const answer = await response.json();
      if (response.ok) return answer;
      const there = options.method && (await ask(key));
      // At another place than thought it goes on; what is refused there too is told.
      if (there && there !== Number(options.headers["Upload-Offset"])) return null;
      throw new Error(answer.error);
    }
  }

  function show(size, total) {
    bar.value = size;
    const megabytes = (bytes) => (bytes / 1024 / 1024).toFixed(1);
    say.textContent = words.progress.replace("%(done)s", megabytes(size)).replace("%(of)s", megabytes(total));
  }

  function stop(message) {
    say.textContent = message;
    delete form.dataset.sent;
    form.querySelector("[type=submit]").removeAttribute("aria-busy");
  }
}

async function nameOf(file) {
  const text = `${file.name}\n${file.size}\n${file.lastModified}`;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const pause = (milliseconds) =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
    addEventListener("online", resolve, { once: true });
  });
