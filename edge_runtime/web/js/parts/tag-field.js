// The tags of a photo: shown as chips, added by typing, taken off with a click.

import { get, inWords, put, remove } from "../core/api.js";
import { el, fill, freshId } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { link } from "../core/router.js";
import { session } from "../core/session.js";
import { iconButton } from "./controls.js";
import { toast } from "./toast.js";

/** Return the field for a photo's tags; `onChange()` after the service took one. */
export function tagField(photoId, tags, onChange) {
  const canWrite = session.may("write");
  const change = async (ask) => {
    try {
      await ask();
      onChange();
    } catch (error) {
      toast(inWords(error), { isError: true });
    }
  };
  const path = (name) => `photos/${photoId}/tags/${encodeURIComponent(name)}`;
  const chips = tags.map((name) =>
    el(
      "li",
      { class: "tag" },
      el("a", { href: link("tag", name), dir: "auto", text: `#${name}` }),
      canWrite && iconButton(t("tag.remove", { name }), "close", () => change(() => remove(path(name))), { class: "tag-remove" }),
    ),
  );
  return el(
    "div",
    { class: "tags" },
    tags.length > 0 && el("ul", { class: "tag-list", "aria-label": t("tags") }, chips),
    canWrite && adder((name) => change(() => put(path(name)))),
  );
}

function adder(add) {
  const known = el("datalist", { id: freshId("tags") });
  const field = el("input", {
    class: "tag-field",
    type: "text",
    maxlength: 100,
    placeholder: t("tag.add"),
    "aria-label": t("tag.add"),
    autocomplete: "off",
    enterkeyhint: "done",
    list: known.id,
  });
  field.addEventListener("input", async () => {
    const prefix = field.value.trim();
    if (prefix === "") return;
    const page = await get("tags", { prefix, limit: 8 }).catch(() => ({ items: [] }));
    fill(known, page.items.map((tag) => el("option", { value: tag.display })));
  });
  return el(
    "form",
    {
      class: "tag-add",
      on: {
        submit: (event) => {
          event.preventDefault();
          const name = field.value.trim().replace(/^#/, "");
          if (name) add(name);
          field.value = "";
        },
      },
    },
    field,
    known,
  );
}
