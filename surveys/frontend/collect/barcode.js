// A bar code or QR code by the camera, where the browser can read them; typed elsewhere.
import h from "solid-js/h";
import { Show, createSignal, onCleanup } from "solid-js";

const LOOK_EVERY = 200;

const able = () => "BarcodeDetector" in window && Boolean(navigator.mediaDevices?.getUserMedia);

// A button that opens the camera until a code was read; `found` gets its text.
export function Scanner({ words, found }) {
  const [open, setOpen] = createSignal(false);
  const [trouble, say] = createSignal("");
  let stream = null, timer = null;

  function shut() {
    clearTimeout(timer);
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    setOpen(false);
  }

  async function look(video, detector) {
    if (!stream) return;
    const [code] = video.readyState >= 2 ? await detector.detect(video) : [];
    if (code?.rawValue) {
      navigator.vibrate?.(80);
      found(code.rawValue);
      shut();
    } else timer = setTimeout(() => look(video, detector).catch(fail), LOOK_EVERY);
  }

  function fail() {
    say(words.noCamera);
    shut();
  }

  async function show(video) {
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      video.srcObject = stream;
      await video.play();
      await look(video, new window.BarcodeDetector());
    } catch {
      // No camera, no permission, or pulled out meanwhile: all that is left is to type.
      fail();
    }
  }

  onCleanup(shut);
  return h(Show, { when: able }, h("div", {},
    h(Show, { when: open }, () => h("video", {
      class: "collect-media", muted: true, playsinline: true, "aria-label": words.barcode,
      ref: (video) => queueMicrotask(() => show(video)),
    })),
    h("div", { class: "collect-buttons" },
      h("button", {
        type: "button", class: "btn btn-outline-primary", "data-scan": "",
        onClick: () => { say(""); if (open()) shut(); else setOpen(true); },
      }, () => (open() ? words.stopScanning : words.barcode))),
    h("p", { class: "form-error", role: "alert" }, trouble)));
}
