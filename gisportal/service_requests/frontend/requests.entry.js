// The chosen photo is shown before it is sent; the file stays on the device till then.
for (const input of document.querySelectorAll("input[data-preview]")) {
  const picture = document.getElementById(`${input.dataset.preview}-preview`);
  input.addEventListener("change", () => {
    if (picture.src) URL.revokeObjectURL(picture.src);
    const [file] = input.files;
    picture.hidden = !file;
    if (file) picture.src = URL.createObjectURL(file);
  });
}

document.querySelector("[data-focus]")?.focus();
