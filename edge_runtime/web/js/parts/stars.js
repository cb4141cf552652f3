// One to five stars: radio buttons, so that keys and readers know them.

import { post, inWords } from "../core/api.js";
import { el, fill, freshId } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { icon } from "./icons.js";
import { toast } from "./toast.js";

const STARS = [1, 2, 3, 4, 5];

/** Return a field of stars; `onRate(stars)` may reject, which shows the stars before. */
export function starRow({ legend, current, onRate }) {
  const group = freshId("stars");
  const field = el("fieldset", { class: "stars" });
  let kept = current;
  const show = (stars) =>
    fill(
      field,
      el("legend", { text: legend }),
      STARS.map((n) =>
        el(
          "label",
          { class: n <= stars ? "is-lit" : "" },
          el("input", { type: "radio", name: group, class: "unseen", checked: n === stars, "aria-label": t("stars", { n }), on: { change: () => rate(n) } }),
          icon("star", { filled: n <= stars }),
        ),
      ),
    );
  const rate = async (stars) => {
    show(stars);
    field.querySelectorAll("input")[stars - 1].focus();
    try {
      await onRate(stars);
      kept = stars;
    } catch (error) {
      show(kept);
      toast(inWords(error), { isError: true });
    }
  };
  show(current);
  return field;
}

/** Return the field for how good a photo's caption is. */
export function starField(photoId, current) {
  return starRow({ legend: t("rating"), current, onRate: (stars) => post(`photos/${photoId}/rating`, { stars }) });
}
