// What a person wants of a watched folder.

import { inWords } from "../core/api.js";
import { el, fill } from "../core/dom.js";
import { languageName, t } from "../core/i18n.js";
import { button } from "./controls.js";
import { dialog } from "./dialog.js";

export const LANGUAGES = ["de", "en", "es", "fr", "it", "nl", "pl", "pt"];
export const STYLES = ["plain", "short", "detailed", "alt_text", "social", "keywords", "notification", "custom"];
const POLICIES = ["suggest", "accept_sure"];
const WRITING = ["off", "sidecar", "embed"];
const HOURS = "([01]\\d|2[0-3]):[0-5]\\d-([01]\\d|2[0-3]):[0-5]\\d";

/** Ask for a folder's settings; `save(settings)` may refuse. Resolves when the dialog has closed. */
export function folderSettings(source, save) {
  return dialog(source.name, (close) => {
    const { settings } = source;
    const { schedule } = settings;
    const fields = {
      automatic: checkbox(settings.automatic, "folders.automatic"),
      policy: choice("folders.policy", POLICIES, settings.policy, (name) => t(`folders.policy.${name}`)),
      language: choice("folders.language", ["", ...new Set([...LANGUAGES, settings.language].filter(Boolean))], settings.language ?? "", (code) => (code ? languageName(code) : t("folders.language.service"))),
      style: choice("folders.style", STYLES, settings.style, (name) => t(`folders.style.${name}`)),
      include_captioned: checkbox(settings.include_captioned, "folders.include_captioned"),
      write_metadata: choice("folders.write", WRITING, settings.write_metadata, (name) => t(`folders.write.${name}`)),
      keep_mtime: checkbox(settings.keep_mtime, "folders.keep_mtime"),
      watch: checkbox(settings.watch, "folders.watch"),
    };
    const hours = el("input", { type: "text", pattern: HOURS, placeholder: "22:00-06:00", value: schedule.hours ?? "" });
    const idle = checkbox(schedule.max_load !== null, "folders.idle");
    const battery = checkbox(schedule.on_battery, "folders.on_battery");
    const problem = el("p", { class: "problem", role: "alert" });
    const submit = async (event) => {
      event.preventDefault();
      const wanted = Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.value]));
      try {
        await save({ ...wanted, language: wanted.language || null, schedule: { hours: hours.value.trim() || null, max_load: idle.value ? (schedule.max_load ?? 0.3) : null, on_battery: battery.value } });
        close(true);
      } catch (error) {
        problem.textContent = inWords(error);
      }
    };
    return el(
      "form",
      { class: "dialog-body", on: { submit } },
      Object.values(fields).map(({ node }) => node),
      el("fieldset", { class: "field-group" }, el("legend", { text: t("folders.schedule") }), el("p", { class: "hint", text: t("folders.schedule.words") }), el("label", { class: "field" }, el("span", { text: t("folders.hours") }), hours), idle.node, battery.node),
      problem,
      el("div", { class: "row end" }, button(t("cancel"), () => close(null), { kind: "quiet" }), button(t("save"), () => {}, { kind: "primary", type: "submit" })),
    );
  });
}

function choice(key, values, chosen, wordsOf) {
  const field = fill(el("select", {}), values.map((value) => el("option", { value, selected: value === chosen, text: wordsOf(value) })));
  const words = el("span", { text: t(key) });
  return { node: el("label", { class: "field" }, words, field), get value() { return field.value; } };
}

function checkbox(checked, key) {
  const field = el("input", { type: "checkbox", checked });
  return { node: el("label", { class: "check" }, field, el("span", { text: t(key) })), get value() { return field.checked; } };
}
