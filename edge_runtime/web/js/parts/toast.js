// Short messages at the edge of the page; read aloud, and gone after a while.

import { el } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { iconButton } from "./controls.js";

const SHOWN_MS = 6000;
const region = el("div", { class: "toasts", role: "status", "aria-live": "polite" });

/** Put the place for messages into the page. */
export const toastRegion = () => region;

/** Show a message; `action` is {words, run}. Returns the function that takes it away. */
export function toast(words, { action = null, isError = false, shownMs = SHOWN_MS } = {}) {
  const close = () => {
    clearTimeout(timer);
    box.remove();
  };
  const box = el(
    "div",
    { class: isError ? "toast error" : "toast" },
    el("span", { dir: "auto", text: words }),
    action &&
      el("button", {
        type: "button",
        class: "toast-action",
        text: action.words,
        on: {
          click: () => {
            close();
            action.run();
          },
        },
      }),
    iconButton(t("close"), "close", close),
  );
  let timer = setTimeout(close, shownMs);
  // whoever points at it or has the focus in it is still reading
  for (const event of ["pointerenter", "focusin"]) box.addEventListener(event, () => clearTimeout(timer));
  for (const event of ["pointerleave", "focusout"]) {
    box.addEventListener(event, () => {
      clearTimeout(timer);
      timer = setTimeout(close, shownMs);
    });
  }
  region.append(box);
  while (region.children.length > 3) region.firstElementChild.remove();
  return close;
}
