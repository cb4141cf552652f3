// Photos on the page: their room is kept while they load, and their caption is their alt.

import { picture } from "../core/api.js";
import { el } from "../core/dom.js";
import { formatDay, t } from "../core/i18n.js";

/** Return what a screen reader says of a photo. */
export function altOf(photo) {
  const words = photo.caption ?? photo.match?.text;
  if (words) return words;
  return photo.taken_at ? t("alt.dated", { date: formatDay(photo.taken_at) }) : t("alt.none");
}

/** Return an image of a photo that fades in; a broken one says so. */
export function photoImage(photoId, { size = 320, alt = "", lazy = true, className = "" } = {}) {
  const image = el("img", {
    class: className,
    alt,
    decoding: "async",
    draggable: "false",
    loading: lazy ? "lazy" : null,
  });
  image.addEventListener("load", () => image.classList.add("is-loaded"));
  image.addEventListener("error", () => image.classList.add("is-broken"));
  image.src = picture(photoId, size);
  if (image.complete && image.naturalWidth > 0) image.classList.add("is-loaded", "at-once");
  return image;
}

/** Fetch a picture that will be wanted soon. */
export function preloadPicture(photoId, size = 1280) {
  new Image().src = picture(photoId, size);
}
