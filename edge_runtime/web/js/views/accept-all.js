// Accepts every suggestion that looks right, and takes all of it back on demand.

import { get, post } from "../core/api.js";
import { t } from "../core/i18n.js";
import { confirm } from "../parts/dialog.js";

const PAGE = 100;

/** Ask first, then accept; resolves with the ids that were accepted. */
export async function acceptSure() {
  const accepted = [];
  if (!(await confirm(t("review.all_sure"), t("review.all_sure.words"), t("review.all_sure")))) return accepted;
  for (;;) {
    const { items } = await get("suggestions", { state: "pending", verdict: "sure", limit: PAGE });
    const before = accepted.length;
    for (const { id } of items) {
      const isAccepted = await post(`suggestions/${id}/accept`).then(() => true, () => false); // decided elsewhere meanwhile
      if (isAccepted) accepted.push(id);
    }
    if (accepted.length === before) return accepted;
  }
}

/** Let suggestions wait again. */
export async function takeBack(ids) {
  for (const id of ids.toReversed()) await post(`suggestions/${id}/undo`);
}
