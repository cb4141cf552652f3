// Choose a folder of this machine, one step at a time.

import { get, inWords } from "../core/api.js";
import { el, fill } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { button, skeleton } from "./controls.js";
import { icon } from "./icons.js";

/** Return a list of folders to walk through; `onChoose(path)` takes the one that is open. */
export function folderChooser(onChoose) {
  const box = el("div", { class: "chooser" });
  const open = async (path) => {
    fill(box, skeleton("line", "line short"));
    try {
      const found = await get("folders", { path });
      fill(box, found.path === null && found.folders.length === 0 ? noneAllowed() : listing(found, open, onChoose));
    } catch (error) {
      fill(box, el("p", { class: "problem", role: "alert", text: inWords(error) }), button(t("again"), () => open(null), { kind: "small", symbol: "refresh" }));
    }
  };
  open(null);
  return box;
}

function listing({ path, parent, folders, photos }, open, onChoose) {
  const rows = folders.map((folder) =>
    el("li", {}, el("button", { type: "button", class: "chooser-row", on: { click: () => open(folder.path) } }, icon("folder"), el("span", { dir: "auto", text: folder.name }), icon("right"))),
  );
  return [
    path !== null &&
      el(
        "div",
        { class: "row between" },
        el("strong", { class: "chooser-path", dir: "ltr", text: path }),
        button(t("back"), () => open(parent), { kind: "small quiet", symbol: "left" }),
      ),
    path !== null && el("p", { class: "hint", text: t("folders.holds", { n: photos }) }),
    el("ul", { class: "chooser-list" }, rows),
    path !== null && button(t("folders.choose"), () => onChoose(path), { kind: "primary", symbol: "check" }),
  ];
}

/** A page may not look at the whole disk: whoever sits at the machine says where. */
function noneAllowed() {
  return [
    el("p", { text: t("folders.none_allowed") }),
    el("pre", { tabindex: "0" }, el("code", { text: "edge-captions library add ~/Pictures" })),
    el("p", { class: "hint", text: t("folders.none_allowed.or") }),
    el("pre", { tabindex: "0" }, el("code", { text: "allowed_folders: [~/Pictures]" })),
  ];
}
