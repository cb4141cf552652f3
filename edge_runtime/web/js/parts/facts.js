// What is known of a photo besides its words.

import { el } from "../core/dom.js";
import { formatBytes, formatDate, t } from "../core/i18n.js";
import { icon } from "./icons.js";

/** Return the list of a photo's facts. */
export function photoFacts(photo) {
  const megapixels = (photo.width * photo.height) / 1e6;
  const rows = [
    ["calendar", t("facts.taken"), photo.taken_at ? formatDate(photo.taken_at) : t("facts.no_date")],
    ["camera", t("facts.camera"), photo.camera],
    ["place", t("facts.place"), placeOf(photo)],
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

function placeOf(photo) {
  const named = photo.place && (photo.place.name ?? photo.place.city ?? photo.place.country);
  if (typeof named === "string") return named;
  if (photo.latitude === null || photo.longitude === null) return null;
  return `${photo.latitude.toFixed(4)}, ${photo.longitude.toFixed(4)}`;
}
