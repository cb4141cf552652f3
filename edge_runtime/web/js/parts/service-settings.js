// What is set for the whole service: kept at once, and true for the next caption.

import { call, get, inWords } from "../core/api.js";
import { el, fill, freshId } from "../core/dom.js";
import { formatBytes, formatNumber, formatSeconds, languageName, t } from "../core/i18n.js";
import { live } from "../core/live.js";
import { session } from "../core/session.js";
import { button } from "./controls.js";
import { LANGUAGES, STYLES } from "./folder-settings.js";
import { toast } from "./toast.js";

const FACTS = ["place", "date", "album", "camera", "keyword"];
const PERSON = "person";
const READING = ["never", "large", "all"];
const HEAT = [0, 60, 65, 70, 75, 80, 85, 90];
const LOAD = [0, 0.25, 0.5, 0.75, 0.9];
const KEEP_S = [0, 60, 120, 300, 900, 3600];
const MIB = 2 ** 20;

/** A form of the settings that need no restart, and a list of the others; `node` goes into the page. */
export class ServiceSettings {
  #stops = [];
  #state = { settings: {}, origins: {}, fixed: [] };
  #others = el("div", { class: "service-others" });
  #fields = [
    this.#setting("language", choice(LANGUAGES, languageName), { words: "folders.language" }),
    this.#setting("style", choice(STYLES, (name) => t(`folders.style.${name}`)), { words: "folders.style", hint: "service.style.words" }),
    this.#setting("template", line(), { words: "service.template", hint: "service.template.words", isShown: ({ style }) => style === "custom" }),
    this.#setting("facts", factBoxes(), { words: "service.facts" }),
    this.#setting("facts", nameSwitch(), { words: "service.names", hint: "service.names.words" }),
    this.#setting("rewrite", toggle(), { words: "service.rewrite", hint: "service.rewrite.words" }),
    this.#setting("read_text", choice(READING, (name) => t(`service.read_text.${name}`)), { words: "service.read_text" }),
    this.#setting("service_keep_alive_s", numbers(KEEP_S, keepOf), { words: "service.keep_alive", hint: "service.keep_alive.words" }),
    this.#setting("background_max_celsius", numbers(HEAT, degreesOf), { words: "service.heat", hint: "service.heat.words" }),
    this.#setting("background_max_load", numbers(LOAD, shareOf), { words: "service.load", hint: "service.load.words" }),
  ];
  #problem = el("p", { class: "problem", role: "alert" });
  node = el("div", {}, this.#problem, el("div", { class: "service-settings" }, this.#fields.map(({ node }) => node)), this.#others);

  start() {
    for (const type of ["settings.changed", "reset"]) this.#stops.push(live.on(type, () => this.refresh()));
    return this.refresh();
  }

  stop() {
    for (const stop of this.#stops) stop();
  }

  async refresh() {
    try {
      // who may not rule sees the few that are told to everybody, and changes none
      const known = session.may("admin") ? await get("settings") : { settings: (await get("stats")).settings };
      this.#problem.textContent = "";
      this.#show(known);
    } catch (error) {
      this.#problem.textContent = inWords(error);
    }
  }

  #show({ settings, origins = {}, fixed = [] }) {
    this.#state = { settings, origins, fixed };
    for (const field of this.#fields) field.show();
    fill(this.#others, session.may("admin") && otherSettings(settings));
  }

  async #save(values, failed) {
    try {
      this.#show(await call("PATCH", "settings", { body: values }));
      toast(t("folders.saved"));
    } catch (error) {
      failed(error);
    }
  }

  /** Return a setting with its words, where it comes from and what is wrong with it. */
  #setting(name, control, { words, hint = null, isShown = (_settings) => true }) {
    const ids = { words: freshId("setting"), told: freshId("setting") };
    const problem = el("p", { class: "problem", role: "alert" });
    const origin = el("p", { class: "hint" });
    const again = button(t("service.undo"), () => save(null), { kind: "small quiet", "aria-describedby": ids.words });
    const save = (value) => {
      problem.textContent = "";
      const { settings } = this.#state;
      const before = settings[name];
      settings[name] = value ?? before; // the next change may come before the answer, and two rows share one setting
      return this.#save({ [name]: value }, (error) => {
        settings[name] = before;
        problem.textContent = inWords(error).replace(/^(body\.)?[a-z_]+(\[\d+\])?: /, "");
        if (!control.keepsTyped) control.show(before);
      });
    };
    control.name(ids, () => save(control.value(this.#state.settings[name])));
    const node = el(
      "div",
      { class: "setting" },
      el("div", { class: "setting-words" }, el("span", { class: "setting-name", id: ids.words, text: t(words) }), el("code", { class: "key", text: name })),
      control.node,
      el("div", { class: "setting-told", id: ids.told }, hint && el("p", { class: "hint", text: t(hint) }), origin, problem),
      again,
    );
    const show = () => {
      const { settings, origins, fixed } = this.#state;
      const isFixed = fixed.includes(name);
      node.hidden = settings[name] === undefined || !isShown(settings);
      control.show(settings[name]);
      control.lock(isFixed || !session.may("admin"));
      origin.textContent = isFixed ? t("service.fixed", { name: `EDGE_CAPTIONS_${name.toUpperCase()}` }) : "";
      again.hidden = origins[name] !== "page" || control.isPart === true;
    };
    return { node, show };
  }
}

function choice(values, wordsOf) {
  const node = el("select", {});
  return {
    ...plain(node, () => node.value),
    show: (chosen) => fill(node, [...new Set([...values, chosen])].map((value) => el("option", { value, selected: value === chosen, text: wordsOf(value) }))),
  };
}

function numbers(values, wordsOf) {
  const { node, ...rest } = choice(values, (value) => wordsOf(Number(value)));
  return { ...rest, node, value: () => Number(node.value) };
}

const keepOf = (value) => (value === 0 ? t("service.keep_alive.none") : formatSeconds(value));
const degreesOf = (value) => (value === 0 ? t("service.no_limit") : `${formatNumber(value)} °C`);
const shareOf = (value) => (value === 0 ? t("service.no_limit") : `${formatNumber(Math.round(100 * value))} %`);

function line() {
  const node = el("input", { type: "text", maxlength: 500, placeholder: "{caption} ({place})", autocomplete: "off", dir: "auto" });
  let last = "";
  const show = (text = "") => {
    if (document.activeElement !== node || node.value === last) node.value = text;
    last = text;
  };
  return { ...plain(node, () => node.value.trim() || null), show, keepsTyped: true };
}

function toggle() {
  const node = el("input", { type: "checkbox", role: "switch", class: "switch" });
  return { ...plain(node, () => node.checked), show: (isOn) => { node.checked = isOn === true; } };
}

function nameSwitch() {
  const { node, ...rest } = toggle();
  const value = (facts) => [...facts.filter((kind) => kind !== PERSON), ...(node.checked ? [PERSON] : [])];
  return { ...rest, node, value, isPart: true, show: (facts = []) => { node.checked = facts.includes(PERSON); } };
}

function factBoxes() {
  const boxes = FACTS.map((kind) => [kind, el("input", { type: "checkbox" })]);
  return {
    node: el("div", { class: "setting-checks", role: "group" }, boxes.map(([kind, box]) => el("label", { class: "check small" }, box, el("span", { text: t(`fact.${kind}`) })))),
    name(ids, changed) {
      this.node.setAttribute("aria-labelledby", ids.words);
      for (const [, box] of boxes) box.addEventListener("change", changed);
    },
    value: (facts) => [...boxes.filter(([, box]) => box.checked).map(([kind]) => kind), ...facts.filter((kind) => !FACTS.includes(kind))],
    show: (facts = []) => { for (const [kind, box] of boxes) box.checked = facts.includes(kind); },
    lock: (isLocked) => { for (const [, box] of boxes) box.disabled = isLocked; },
  };
}

/** Return what every control of one element does alike. */
function plain(node, value) {
  return {
    node,
    value,
    name: (ids, changed) => {
      node.setAttribute("aria-labelledby", ids.words);
      node.setAttribute("aria-describedby", ids.told);
      node.addEventListener("change", changed);
    },
    lock: (isLocked) => { node.disabled = isLocked; },
  };
}

/** Return what the home's file and the machine decide when the service starts. */
function otherSettings(settings) {
  const isOn = (one) => t(one ? "on" : "off");
  const rows = [
    ["verify", t("service.verify"), isOn(settings.verify)],
    ["auto_download", t("service.download"), String(settings.auto_download)],
    ["offline", t("service.offline"), isOn(settings.offline)],
    ["threads", t("service.threads"), settings.threads === null ? t("service.by_machine") : formatNumber(settings.threads)],
    ["memory_limit_mib", t("service.memory"), settings.memory_limit_mib === null ? t("service.by_machine") : formatBytes(settings.memory_limit_mib * MIB)],
  ];
  return [
    el("p", { class: "hint", text: t("service.others") }),
    el("dl", { class: "rows" }, rows.map(([key, name, words]) => el("div", {}, el("dt", {}, name, el("code", { class: "key", text: key })), el("dd", { text: words })))),
  ];
}
