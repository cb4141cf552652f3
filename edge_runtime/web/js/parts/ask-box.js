// A question about a photo, where a model that is installed answers questions.

import { get, inWords, post } from "../core/api.js";
import { el, fill } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { live } from "../core/live.js";
import { session } from "../core/session.js";
import { button } from "./controls.js";
import { provenance } from "./wand.js";

const PATIENCE_MS = 300_000;
const MAX_QUESTION = 4000;

/** Whether a model that is installed answers; asked once for all photos. */
let known = null;
for (const type of ["model.installed", "model.removed", "selection.changed", "reset"]) live.on(type, forget);

/** Return the field that asks about a photo; it stays hidden where nothing here answers. */
export function askBox(photoId) {
  const box = el("section", { class: "ask", hidden: true, "aria-label": t("ask") });
  if (session.may("write")) showWhereAnswered(box, photoId);
  return box;
}

async function showWhereAnswered(box, photoId) {
  known ??= someModelAnswers();
  if (!(await known)) return;
  fill(box, questionForm(photoId));
  box.hidden = false;
}

async function someModelAnswers() {
  try {
    return (await get("models")).items.some(canAnswer);
  } catch {
    forget(); // the next photo asks again
    return false;
  }
}

function forget() {
  known = null;
}

const canAnswer = (model) => model.answers_questions && model.state === "installed" && model.reasons.length === 0;

function questionForm(photoId) {
  const field = el("input", {
    class: "ask-field",
    type: "text",
    maxlength: MAX_QUESTION,
    placeholder: t("ask.placeholder"),
    "aria-label": t("ask"),
    autocomplete: "off",
    enterkeyhint: "send",
  });
  const send = button(t("ask.send"), () => {}, { kind: "small", type: "submit" });
  const place = el("div", { class: "ask-place", "aria-live": "polite" });
  const submit = async (event) => {
    event.preventDefault();
    const question = field.value.trim();
    if (question === "" || send.disabled) return;
    send.disabled = true;
    fill(place, el("p", { class: "hint", text: t("wand.looking") }), el("div", { class: "shimmer" }));
    fill(place, await answered(photoId, question));
    send.disabled = false;
  };
  return el("form", { class: "ask-form", on: { submit } }, el("div", { class: "ask-row" }, field, send), place);
}

async function answered(photoId, question) {
  try {
    const found = await post("answers", { photo_id: photoId, question }, { timeout: PATIENCE_MS });
    const words = found.answer || t("ask.nothing");
    return [
      el("p", { class: "ask-answer", dir: "auto", text: words }),
      el("p", { class: "hint", text: `${provenance(found)} · ${t("verdict.unchecked")}`, title: t("verdict.unchecked.long") }),
    ];
  } catch (error) {
    return [el("p", { class: "problem", text: inWords(error) })];
  }
}
