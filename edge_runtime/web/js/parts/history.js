// What a caption was before. It is asked for only when somebody unfolds it.

import { get, inWords } from "../core/api.js";
import { el, fill } from "../core/dom.js";
import { formatAgo, t } from "../core/i18n.js";
import { session } from "../core/session.js";
import { button, skeleton } from "./controls.js";
import { captionText } from "./words.js";

/** Return a fold with a caption's earlier versions; `onUse(text)` takes one into the editor. */
export function captionHistory(photoId, language, onUse) {
  const place = el("div", { class: "history" });
  const box = el("details", {}, el("summary", { text: t("history") }), place);
  box.addEventListener("toggle", async () => {
    if (!box.open) return;
    fill(place, skeleton("line", "line short"));
    try {
      const { items } = await get(`photos/${photoId}/caption/history`, { language });
      const earlier = items.filter((change) => change.caption);
      fill(
        place,
        earlier.length === 0 && el("p", { class: "hint", text: t("history.none") }),
        el("ol", { class: "lines" }, earlier.map((change) => version(change, onUse))),
      );
    } catch (error) {
      fill(place, el("p", { class: "problem", text: inWords(error) }));
    }
  });
  return box;
}

function version({ caption, replaced_at: replacedAt }, onUse) {
  return el(
    "li",
    { class: "version" },
    captionText(caption.text, caption.language, { className: "version-text" }),
    el(
      "div",
      { class: "row between" },
      el("span", { class: "hint", text: t("history.until", { when: formatAgo(replacedAt) }) }),
      session.may("write") && button(t("history.use"), () => onUse(caption.text), { kind: "small quiet" }),
    ),
  );
}
