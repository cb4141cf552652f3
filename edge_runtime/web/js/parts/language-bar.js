// A photo's caption in several languages, side by side.

import { el, fill } from "../core/dom.js";
import { languageName, t } from "../core/i18n.js";
import { session } from "../core/session.js";
import { choices } from "./controls.js";

const OFFERED = ["ar", "cs", "da", "de", "el", "en", "es", "fi", "fr", "he", "hi", "hu", "id", "it", "ja", "ko", "nb", "nl", "pl", "pt", "ro", "ru", "sv", "tr", "uk", "vi", "zh"];

/** Return a choice of the languages that a photo has words in; null for a single one. */
export function languageBar(photo, chosen, onTurn) {
  const here = languagesOf(photo, chosen);
  return here.length > 1 ? choices(t("caption.language"), here.map((code) => [code, languageName(code)]), chosen, onTurn) : null;
}

/** Return a way to a caption in one more language. Their list is long: it is made when somebody opens it. */
export function anotherLanguage(photo, chosen, onTurn) {
  const here = languagesOf(photo, chosen);
  const field = el("select", { class: "chip-select", "aria-label": t("caption.language.add"), on: { change: () => field.value && onTurn(field.value) } });
  const open = () => {
    if (field.length > 1) return;
    const rest = OFFERED.filter((code) => !here.includes(code)).map((code) => [code, languageName(code)]);
    rest.sort(([, one], [, other]) => one.localeCompare(other));
    field.append(...rest.map(([code, name]) => el("option", { value: code, text: name })));
  };
  fill(field, el("option", { value: "", text: t("caption.language.add") }));
  for (const event of ["pointerdown", "focus", "keydown"]) field.addEventListener(event, open);
  return field;
}

function languagesOf({ captions, suggestions }, chosen) {
  const pending = suggestions.filter((one) => one.state === "pending");
  return [...new Set([session.language, ...captions.map((one) => one.language), ...pending.map((one) => one.language), chosen])];
}
