// What the check of a caption against its photo found, in plain words.

import { el } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { icon } from "./icons.js";

const SYMBOLS = { sure: "tick", unsure: "warning", none: "question", unchecked: "dash" };

/** Return a badge: a sign and words, never a colour alone. */
export function verdictBadge(verdict) {
  const known = verdict in SYMBOLS ? verdict : "unchecked";
  return el(
    "span",
    { class: `verdict ${known}`, title: t(`verdict.${known}.long`) },
    icon(SYMBOLS[known]),
    el("span", { text: t(`verdict.${known}`) }),
  );
}

/** Return the sentence below a suggestion that says what to look at. */
export function verdictSentence({ verdict, doubted }) {
  if (verdict === "unsure" && doubted.length > 0) {
    return t("verdict.doubted", { n: doubted.length, words: doubted.map((word) => t("quoted", { word })).join(", ") });
  }
  return t(`verdict.${verdict in SYMBOLS ? verdict : "unchecked"}.long`);
}

/** Return a text with its doubted words marked, as nodes. */
export function markDoubted(text, doubted) {
  const words = doubted.filter(Boolean).map(escapePattern);
  if (words.length === 0) return [text];
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(${words.join("|")})(?![\\p{L}\\p{N}])`, "giu");
  return text.split(pattern).map((piece, place) =>
    place % 2 === 1
      ? el("mark", { class: "doubted", title: t("verdict.doubted.title") }, piece, el("span", { class: "unseen", text: ` (${t("verdict.doubted.aloud")})` }))
      : piece,
  );
}

const escapePattern = (word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
