// One page of a story at a time; arrows and Space turn, the address remembers the page.
const story = document.getElementById("story");
const pages = [...story.querySelectorAll(".story-page")];
let at = Math.min(Math.max(Number(location.hash.slice(1)) || 1, 1), pages.length) - 1;

function show(next, focus = true) {
  at = Math.min(Math.max(next, 0), pages.length - 1);
  pages.forEach((page, place) => { page.hidden = place !== at; });
  history.replaceState(null, "", `#${at + 1}`);
  story.querySelector('[data-step="-1"]').disabled = at === 0;
  story.querySelector('[data-step="1"]').disabled = at === pages.length - 1;
  if (focus) pages[at].focus({ preventScroll: true });
}

for (const button of story.querySelectorAll("[data-step]")) {
  button.addEventListener("click", () => show(at + Number(button.dataset.step)));
}
story.querySelector("[data-full]").addEventListener("click", () => {
  if (document.fullscreenElement) document.exitFullscreen();
  else story.requestFullscreen();
});
document.addEventListener("keydown", (event) => {
  if (event.target.closest("a, button, summary") && event.key === " ") return;
  const forward = document.dir === "rtl" ? "ArrowLeft" : "ArrowRight";
  const back = document.dir === "rtl" ? "ArrowRight" : "ArrowLeft";
  const step = { [forward]: 1, [back]: -1, PageDown: 1, PageUp: -1, " ": 1 }[event.key];
  if (step) {
    event.preventDefault();
    show(at + step);
  }
});
show(at, false);
