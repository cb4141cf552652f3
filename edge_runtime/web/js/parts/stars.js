// One to five stars for a caption: radio buttons, so that keys and readers know them.

import { post, inWords } from "../core/api.js";
import { el, fill, freshId } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { icon } from "./icons.js";
import { toast } from "./toast.js";

/** Return the field for a photo's rating; `current` is 0 to 5. */
export function starField(photoId, current, suggestionId = null) {
  const group = freshId("stars");
  const field = el("fieldset", { class: "stars" });
  const show = (stars) => {
    fill(
      field,
      el("legend", { text: t("rating") }),
      [1, 2, 3, 4, 5].map((n) =>
        el(
          "label",
          { class: n <= stars ? "is-lit" : "" },
          el("input", { type: "radio", name: group, class: "unseen", checked: n === stars, "aria-label": t("stars", { n }), on: { change: () => rate(n) } }),
          icon("star", { filled: n <= stars }),
        ),
      ),
    );
  };
  const rate = async (stars) => {
    show(stars);
    field.querySelectorAll("input")[stars - 1].focus();
    try {
      await post(`photos/${photoId}/rating`, suggestionId ? { stars, suggestion_id: suggestionId } : { stars });
    } catch (error) {
      show(current);
      toast(inWords(error), { isError: true });
    }
  };
  show(current);
  return field;
}
