// Keys for those who review hundreds of records a day. Every one has a button that does
// the same.

const typing = (event) =>
  event.ctrlKey || event.metaKey || event.altKey ||
  event.target.closest("input:not([type=checkbox]), textarea, select");

const queue = document.querySelector("[data-review-queue]");
if (queue) {
  const rows = [...queue.querySelectorAll("tbody tr")];
  let at = -1;

  const go = (to) => {
    at = Math.max(0, Math.min(rows.length - 1, to));
    rows.forEach((row, index) => row.classList.toggle("surveys-at", index === at));
    rows[at].querySelector("a").focus();
    rows[at].scrollIntoView({ block: "nearest" });
  };

  queue.querySelector("[data-all]").addEventListener("change", (event) => {
    for (const box of queue.querySelectorAll("[name=record]")) box.checked = event.target.checked;
  });

  document.addEventListener("keydown", (event) => {
    if (typing(event)) return;
    const key = event.key.toLowerCase();
    if (key === "j") go(at + 1);
    else if (key === "k") go(at - 1);
    else if (key === "x" && at >= 0) {
      const box = rows[at].querySelector("[name=record]");
      box.checked = !box.checked;
    } else if (key === "a" && queue.querySelector("[name=record]:checked")) {
      queue.querySelector("[value=approve]").click();
    } else return;
    event.preventDefault();
  });
}

const record = document.querySelector("[data-review-record]");
if (record) {
  const buttons = { a: "approve", b: "send_back", r: "reject", m: "mark" };
  document.addEventListener("keydown", (event) => {
    if (typing(event)) return;
    const key = event.key.toLowerCase();
    if (key === "c") record.querySelector("[name=note]").focus();
    else if (buttons[key]) record.querySelector(`[value=${buttons[key]}]`)?.click();
    else return;
    event.preventDefault();
  });
}
