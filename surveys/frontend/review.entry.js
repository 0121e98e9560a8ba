// Keys for those who review hundreds of records a day. Every one has a button that does
// the same.

const typing = (event) =>
  event.ctrlKey || event.metaKey || event.altKey ||
  event.target.closest("input:not([type=checkbox]), textarea, select");

// By the key's place as well: with an Arabic layout the key J writes «ت».
const keyOf = (event) => (/^Key[A-Z]$/.test(event.code) ? event.code.slice(3) : event.key).toLowerCase();

const queue = document.querySelector("[data-review-queue]");
if (queue) {
  const rows = [...queue.querySelectorAll("tbody tr")];
  const boxes = rows.map((row) => row.querySelector("[name=record]"));
  const all = queue.querySelector("[data-all]");
  const chosen = queue.querySelector("[data-chosen]");
  const number = new Intl.NumberFormat(document.documentElement.lang);
  let at = -1;
  let last = 0;

  // Read aloud, because the keys tick boxes that do not have the focus.
  const tell = () => {
    const count = boxes.filter((box) => box.checked).length;
    chosen.textContent = count ? `${chosen.dataset.some} ${number.format(count)}` : chosen.dataset.none;
    all.checked = count === boxes.length;
    all.indeterminate = count > 0 && count < boxes.length;
  };

  const go = (to) => {
    at = Math.max(0, Math.min(rows.length - 1, to));
    rows.forEach((row, index) => row.classList.toggle("surveys-at", index === at));
    rows[at].querySelector("a").focus({ preventScroll: true });
    rows[at].scrollIntoView({ block: "nearest" });
  };

  const tickFrom = (from, to, on) => {
    for (let index = Math.min(from, to); index <= Math.max(from, to); index += 1) boxes[index].checked = on;
    tell();
  };

  all.addEventListener("change", () => tickFrom(0, boxes.length - 1, all.checked));
  boxes.forEach((box, index) => box.addEventListener("click", (event) => {
    tickFrom(event.shiftKey ? last : index, index, box.checked);
    last = index;
  }));
  queue.addEventListener("submit", (event) => {
    // Where a reason is needed, it is asked for here, before the page is left.
    const note = queue.querySelector("[name=note]");
    const every = event.submitter?.hasAttribute("data-every");
    const needed = !every && ["send_back", "reject"].includes(event.submitter?.value);
    note.setCustomValidity(needed && !note.value.trim() ? note.dataset.needed : "");
    if (!note.reportValidity()) event.preventDefault();
  });
  queue.querySelector("[name=note]").addEventListener("input", (event) => event.target.setCustomValidity(""));
  tell();

  const press = { a: "approve", b: "send_back", r: "reject" };
  document.addEventListener("keydown", (event) => {
    if (typing(event)) return;
    const key = keyOf(event);
    if (key === "j" || key === "k") {
      const from = Math.max(at, 0);
      go(at + (key === "j" ? 1 : -1));
      if (event.shiftKey) tickFrom(from, at, true);
    } else if (key === "x" && at >= 0) {
      tickFrom(event.shiftKey ? last : at, at, !boxes[at].checked);
      last = at;
    } else if (key === "c") queue.querySelector("[name=note]").focus();
    else if (press[key] && boxes.some((box) => box.checked)) {
      queue.querySelector(`[value=${press[key]}]:not([data-every])`).click();
    } else return;
    event.preventDefault();
  });
}

for (const form of document.querySelectorAll("[data-ticks]")) {
  form.querySelector("[data-all]").addEventListener("change", (event) => {
    for (const box of form.querySelectorAll("tbody [type=checkbox]")) box.checked = event.target.checked;
  });
}

const record = document.querySelector("[data-review-record]");
if (record) {
  const buttons = { a: "approve", b: "send_back", r: "reject", m: "mark" };
  document.addEventListener("keydown", (event) => {
    if (typing(event)) return;
    const key = keyOf(event);
    if (key === "c") record.querySelector("[name=note]").focus();
    else if (key === "n") document.querySelector("[data-next]")?.click();
    else if (buttons[key]) record.querySelector(`[value=${buttons[key]}]`)?.click();
    else return;
    event.preventDefault();
  });
}

// A photo opens in place, as large as the window; Escape or a click closes it.
for (const link of document.querySelectorAll("[data-photo]")) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const dialog = document.createElement("dialog");
    dialog.className = "surveys-zoom";
    const picture = link.querySelector("img").cloneNode();
    dialog.setAttribute("aria-label", picture.alt);
    const close = document.createElement("button");
    close.type = "button";
    close.className = "btn btn-quiet";
    close.textContent = link.dataset.close;
    dialog.append(close, picture);
    dialog.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => { dialog.remove(); link.focus(); });
    document.body.append(dialog);
    dialog.showModal();
  });
}
