// How good and how fast a model is: dots on one scale, and where they come from.

import { el } from "../core/dom.js";
import { formatSeconds, hasWords, t } from "../core/i18n.js";

/** The marks of a model: `{of, quality, speed}`, each null where nothing is known. */
export function modelMarks({ of, quality, speed }) {
  return el("dl", { class: "marks" }, row(t("mark.quality"), quality, of, quality && qualityWords(quality), quality?.source), row(t("mark.speed"), speed, of, speed && speedWords(speed)));
}

function row(name, mark, of, words, title) {
  return el(
    "div",
    {},
    el("dt", { text: name }),
    el("dd", {}, mark && dots(mark.dots, of)),
    el("dd", { class: "hint", text: mark ? words : t("mark.unknown"), title }),
  );
}

function dots(count, of) {
  const each = Array.from({ length: of }, (_, place) => el("i", { class: place < count ? "is-lit" : "" }));
  return el("span", { class: "dots", role: "img", "aria-label": t("mark.dots", { dots: count, of }) }, each);
}

function qualityWords({ score, basis }) {
  return hasWords(`basis.${basis}`) ? t("mark.quality.words", { score, basis: t(`basis.${basis}`) }) : t("mark.score", { score });
}

function speedWords({ seconds, source }) {
  // "< 0.1 s" says that it is not exact
  const isPlain = source.startsWith("measured") || seconds < 0.1;
  return t(isPlain ? "mark.speed.words" : "mark.speed.about", { time: formatSeconds(seconds), source: hasWords(`pace.${source}`) ? t(`pace.${source}`) : source });
}
