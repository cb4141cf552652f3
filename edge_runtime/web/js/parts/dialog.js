// Questions that have to be answered first.

import { append, el, freshId } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { button, iconButton } from "./controls.js";

/** Show a dialog; `build(close)` returns its content. Resolves with what `close` was given. */
export function dialog(title, build, { wide = false } = {}) {
  const heading = freshId("dialog");
  return new Promise((resolve) => {
    const box = el("dialog", { class: wide ? "dialog wide" : "dialog", "aria-labelledby": heading });
    const close = (value) => {
      box.close();
      box.remove();
      resolve(value);
    };
    append(box, [
      el(
        "header",
        { class: "dialog-head" },
        el("h2", { id: heading, text: title }),
        iconButton(t("close"), "close", () => close(null)),
      ),
      build(close),
    ]);
    box.addEventListener("cancel", (event) => {
      event.preventDefault();
      close(null);
    });
    box.addEventListener("click", (event) => {
      if (event.target === box) close(null);
    });
    document.body.append(box);
    box.showModal();
  });
}

/** Ask before something that can't be taken back; resolves with true for yes. */
export async function confirm(title, words, yes, { isDanger = false } = {}) {
  const answer = await dialog(title, (close) =>
    el(
      "div",
      { class: "dialog-body" },
      words.split("\n").map((line) => el("p", { text: line })),
      el(
        "div",
        { class: "row end" },
        button(t("cancel"), () => close(false), { autofocus: true }),
        button(yes, () => close(true), { kind: isDanger ? "danger" : "primary" }),
      ),
    ),
  );
  return answer === true;
}
