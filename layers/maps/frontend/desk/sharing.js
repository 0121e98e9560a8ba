// Taking the view away: its address.
import { say, words } from "./page.js";
import * as state from "./state.js";

export function begin() {
  document.querySelector("[data-share]").addEventListener("click", async () => {
    state.write();
    await navigator.clipboard.writeText(location.href).catch(() => undefined);
    say(words.copied, 2.5);
  });
}
