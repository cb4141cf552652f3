// Captions as they are shown. Each stands alone in its own writing direction: the marks
// in one can't turn the page around it.

import { el } from "../core/dom.js";
import { link } from "../core/router.js";

// the same rules as the store's: letters, digits and _ after a # that stands alone
const HASHTAG = /(?<![\p{L}\p{N}\p{M}_&#\uff03/])([#\uff03])([\p{L}\p{N}_][\p{L}\p{N}\p{M}_\u200c\u200d]*)/gu;
const ADDRESS = /(?:[a-z][a-z0-9+.-]*:\/\/|www\.)\S+/giu;

/** Return the places of the hashtags in a text: [{start, end, name}]. */
export function hashtags(text) {
  const hidden = text.replace(ADDRESS, (found) => " ".repeat(found.length));
  return [...hidden.matchAll(HASHTAG)]
    .filter((match) => /\p{L}/u.test(match[2]) && match[2].length <= 100)
    .map((match) => ({ start: match.index, end: match.index + match[0].length, name: match[2] }));
}

/** Return a paragraph with a caption whose hashtags lead to their albums. */
export function captionText(text, language, { className = "caption-text", isLinked = true } = {}) {
  const node = el("p", { class: className, dir: "auto", lang: language });
  let place = 0;
  for (const { start, end, name } of isLinked ? hashtags(text) : []) {
    node.append(text.slice(place, start), el("a", { href: link("tag", name), text: text.slice(start, end) }));
    place = end;
  }
  node.append(text.slice(place));
  return node;
}

/** Return a text with spans marked that were given in code points, as the search gives them. */
export function highlighted(text, spans) {
  const points = Array.from(text);
  const nodes = [];
  let place = 0;
  for (const [start, end] of spans) {
    nodes.push(points.slice(place, start).join(""), el("mark", { text: points.slice(start, end).join("") }));
    place = end;
  }
  return [...nodes, points.slice(place).join("")];
}
