// The list of keys, and the switch for them.

import { el } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { areKeysOn, bindingsNow, switchKeys } from "../core/keys.js";
import { dialog } from "./dialog.js";

const SIGNS = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc" };

/** Show what the keys do here. */
export function keyHelp() {
  return dialog(t("keys.title"), () =>
    el(
      "div",
      { class: "dialog-body" },
      el(
        "dl",
        { class: "key-list" },
        bindingsNow().map(({ keys, words }) =>
          el("div", {}, el("dt", {}, keys.map((key) => el("kbd", { text: SIGNS[key] ?? key.toUpperCase() }))), el("dd", { text: t(words) })),
        ),
        el("div", {}, el("dt", {}, el("kbd", { text: "Ctrl" }), el("kbd", { text: "↵" })), el("dd", { text: t("key.save") })),
      ),
      keySwitch(),
    ),
  );
}

/** Return the switch for single keys, which get in the way of voice control. */
export function keySwitch() {
  return el(
    "label",
    { class: "check" },
    el("input", { type: "checkbox", checked: areKeysOn(), on: { change: (event) => switchKeys(event.target.checked) } }),
    el("span", { text: t("keys.switch") }),
  );
}
