// A read-only link for somebody else.

import { BASE, inWords, post } from "../core/api.js";
import { el, fill } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { link } from "../core/router.js";
import { button } from "./controls.js";
import { dialog } from "./dialog.js";
import { toast } from "./toast.js";

/** @type {[string, number | null][]} */
const DAYS = [["1", 1], ["7", 7], ["30", 30], ["never", null]];

/** Ask how long a link shall work, and show it once. target: "photo", "tag" or "place". */
export function shareDialog(target, targetId, name = "") {
  return dialog(t("share.title"), () => {
    const body = el("div", { class: "dialog-body" });
    const days = el("select", { "aria-label": t("share.until") }, DAYS.map(([key]) => el("option", { value: key, selected: key === "7", text: t(`share.days.${key}`) })));
    const captions = el("input", { type: "checkbox", checked: true });
    const make = async () => {
      const wanted = DAYS.find(([key]) => key === days.value)[1];
      const until = wanted === null ? {} : { expires_at: new Date(Date.now() + wanted * 86_400_000).toISOString() };
      try {
        const share = await post("shares", { target, target_id: targetId, name, captions: captions.checked, ...until });
        fill(body, madeLink(new URL(link("shared", share.secret), BASE).href));
      } catch (error) {
        toast(inWords(error), { isError: true });
      }
    };
    fill(
      body,
      el("p", { text: t("share.words") }),
      el("label", { class: "field" }, el("span", { text: t("share.until") }), days),
      el("label", { class: "check" }, captions, el("span", { text: t("share.captions") })),
      el("div", { class: "row end" }, button(t("share.make"), make, { kind: "primary", symbol: "link" })),
    );
    return body;
  });
}

/** Return a field with an address and a button that copies it. */
export function madeLink(href) {
  const field = el("input", { type: "text", readonly: true, class: "link-field", value: href, "aria-label": t("link"), on: { focus: () => field.select() } });
  return [
    el("p", { text: t("share.once") }),
    el("div", { class: "row nowrap" }, field, button(t("copy"), () => copy(href), { symbol: "copy" })),
  ];
}

/** Put text on the clipboard. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast(t("copied"));
  } catch {
    toast(t("copy.failed"), { isError: true }); // not a secure address: the person copies by hand
  }
}
