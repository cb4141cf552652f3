// What is known of a photo besides its words.

import { el } from "../core/dom.js";
import { formatBytes, formatDate, hasWords, t } from "../core/i18n.js";
import { session } from "../core/session.js";
import { icon } from "./icons.js";

/** Return the list of a photo's facts. */
export function photoFacts(photo) {
  const megapixels = (photo.width * photo.height) / 1e6;
  const rows = [
    ["calendar", t("facts.taken"), photo.taken_at ? formatDate(photo.taken_at) : t("facts.no_date")],
    ["camera", t("facts.camera"), photo.camera],
    ["place", t("facts.place"), placeOf(photo)],
    ["person", t("facts.people"), session.knowsPeople ? photo.people.join(", ") : null],
    ["library", t("facts.size"), t("facts.pixels", { width: String(photo.width), height: String(photo.height), mp: megapixels < 10 ? Math.round(megapixels * 10) / 10 : Math.round(megapixels) })],
    ...photo.files.map((file) => ["file", t("facts.file"), `${file.path} · ${file.state === "present" ? formatBytes(file.size) : t(`facts.${file.state}`)}`]),
    ["download", t("facts.added"), formatDate(photo.added_at)],
  ];
  return el(
    "dl",
    { class: "facts" },
    rows.filter(([, , words]) => words).map(([symbol, name, words]) =>
      el("div", { class: "fact" }, el("dt", {}, icon(symbol), el("span", { class: "unseen", text: name })), el("dd", { dir: "auto", title: name, text: words })),
    ),
  );
}

/** Return what a caption of the photo was told, and where each fact comes from. */
export function knownFacts(photo) {
  const facts = photo.suggestions.find((one) => one.provenance.facts?.length > 0)?.provenance.facts ?? [];
  if (facts.length === 0) return null;
  return el(
    "section",
    {},
    el("h2", { class: "label", text: t("facts.known") }),
    el(
      "dl",
      { class: "rows" },
      facts.map(({ kind, value, source, within = [] }) =>
        el(
          "div",
          {},
          el("dt", { text: hasWords(`fact.${kind}`) ? t(`fact.${kind}`) : kind }),
          el("dd", {}, el("span", { dir: "auto", text: [value, ...within].join(", ") }), el("span", { class: "hint", text: ` ${hasWords(`fact.from.${source}`) ? t(`fact.from.${source}`) : source}` })),
        ),
      ),
    ),
  );
}

/** Return the names of where a photo was taken, the nearest first, or its position. */
function placeOf(photo) {
  const { name, city, region, country } = photo.place ?? {};
  const names = [name, city, region, country].filter((one) => typeof one === "string" && one !== "");
  if (names.length > 0) return [...new Set(names)].join(", ");
  if (photo.latitude === null || photo.longitude === null) return null;
  return `${photo.latitude.toFixed(4)}, ${photo.longitude.toFixed(4)}`;
}
