// Runs before the first paint, so that a dark page never flashes light.
const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");

function apply() {
  const chosen = localStorage.getItem("theme");
  root.dataset.bsTheme = chosen ?? (system.matches ? "dark" : "light");
}

apply();
system.addEventListener("change", apply);

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-theme-switch]");
  if (!button) return;
  localStorage.setItem("theme", root.dataset.bsTheme === "dark" ? "light" : "dark");
  apply();
});

// The town's accent is data, and a style attribute is forbidden by the policy.
document.addEventListener("DOMContentLoaded", () => {
  const accent = document.querySelector("meta[name=accent]")?.content;
  if (accent && accent !== "#1f6f5c") root.style.setProperty("--town", accent);
});
