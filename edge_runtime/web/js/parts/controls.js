// Buttons, badges, skeletons, empty states: the small parts that every view uses.

import { el } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { icon } from "./icons.js";

/**
 * Return a button with words and perhaps an icon.
 * kind: "primary", "quiet", "danger" or "" for the plain one; `hint` names its key.
 * @param {string} words
 * @param {(event: Event) => unknown} run
 * @param {{symbol?: string, kind?: string, hint?: string, [attribute: string]: unknown}} [options]
 */
export function button(words, run, { symbol = null, kind = "", hint = null, ...attributes } = {}) {
  return el(
    "button",
    { type: "button", class: `button ${kind}`.trim(), on: { click: run }, "aria-keyshortcuts": hint, ...attributes },
    symbol && icon(symbol),
    el("span", { text: words }),
    hint && el("kbd", { "aria-hidden": "true", text: hint }),
  );
}

/** Return a round button that shows an icon; its words are its name and its tooltip. */
export function iconButton(words, symbol, run, attributes = {}) {
  return el(
    "button",
    { type: "button", class: "icon-button", title: words, "aria-label": words, on: { click: run }, ...attributes },
    icon(symbol),
  );
}

/** Return a link that looks like a button. */
export function buttonLink(words, href, { symbol = null, kind = "" } = {}) {
  return el("a", { class: `button ${kind}`.trim(), href }, symbol && icon(symbol), el("span", { text: words }));
}

/** Return a group of choices of which one holds. */
export function choices(name, options, chosen, onChoose) {
  const buttons = options.map(([value, words]) =>
    el("button", {
      type: "button",
      class: "chip",
      text: words,
      "aria-pressed": value === chosen,
      on: {
        click: (event) => {
          for (const other of buttons) other.setAttribute("aria-pressed", String(other === event.currentTarget));
          onChoose(value);
        },
      },
    }),
  );
  return el("div", { class: "chips", role: "group", "aria-label": name }, buttons);
}

/** Return a bar for work that goes on; `value` null: nobody knows how long. */
export function progressBar(value, total, words) {
  const isKnown = value !== null && total > 0;
  return el("progress", { class: "bar", max: isKnown ? total : 1, value: isKnown ? value : null, "aria-label": words });
}

/** Return what stands where nothing is yet. */
export function emptyState(symbol, title, words, ...actions) {
  return el(
    "div",
    { class: "empty" },
    el("div", { class: "empty-sign" }, icon(symbol)),
    el("h2", { text: title }),
    words && el("p", { text: words }),
    actions.length > 0 && el("div", { class: "row center" }, actions),
  );
}

/** Return grey shapes in the place of what is being loaded. */
export function skeleton(...classes) {
  return el(
    "div",
    { class: "skeletons", role: "status" },
    el("span", { class: "unseen", text: t("loading") }),
    classes.map((name) => el("div", { class: `skeleton ${name}` })),
  );
}

/** Return what to show where something could not be loaded. */
export function failure(words, again) {
  return emptyState("warning", t("failed.title"), words, button(t("again"), again, { symbol: "refresh" }));
}

/** Return a heading that takes the focus when a view opens. */
export const pageTitle = (words) => el("h1", { class: "page-title", tabindex: "-1", text: words });
