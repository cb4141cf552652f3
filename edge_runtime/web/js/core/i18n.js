// Words, numbers and dates in the person's language. All words stand in lang/*.js.

import { keep, recall } from "./storage.js";

export const LANGUAGES = { en: "English", de: "Deutsch" };

let table = {};
let fallback = {};
let code = "en";
let plurals = new Intl.PluralRules("en");
/** How dates and numbers are written: as in the person's own country. */
let locale = "en";
const formatters = new Map();

/** Load the words of the person's language. */
export async function loadLanguage() {
  code = chosenLanguage() || preferred();
  fallback = (await import("../lang/en.js")).default;
  table = code === "en" ? fallback : (await import(`../lang/${code}.js`)).default;
  plurals = new Intl.PluralRules(code);
  locale = (navigator.languages ?? []).find((wanted) => wanted.toLowerCase().startsWith(code)) ?? code;
  document.documentElement.lang = code;
}

/** Return the language that was chosen on this page; "" is the browser's. */
export function chosenLanguage() {
  const chosen = recall("language", "");
  return chosen in LANGUAGES ? chosen : "";
}

/** Choose a language; it shows when the page is loaded again. */
export function chooseLanguage(name) {
  keep("language", name || null);
}

export const language = () => code;

/** Return the words of a key, with `{name}` filled in; `n` picks the plural. */
export function t(key, values = {}) {
  let words = table[key] ?? fallback[key] ?? key;
  if (typeof words === "object") words = words[plurals.select(values.n)] ?? words.other;
  return words.replace(/\{(\w+)\}/g, (whole, name) => {
    if (!(name in values)) return whole;
    const value = values[name];
    return typeof value === "number" ? formatNumber(value) : value;
  });
}

/** Return whether there are words for a key. */
export const hasWords = (key) => key in table;

export const formatNumber = (value, options = {}) => new Intl.NumberFormat(locale, options).format(value);

/** Return a size as people write it: 12 kB, 3.4 MB. */
export function formatBytes(bytes) {
  if (bytes === null || bytes === undefined) return t("unknown");
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit > 1 && value < 10 ? 1 : 0;
  return `${formatNumber(value, { maximumFractionDigits: digits })} ${units[unit]}`;
}

/** Return a duration: 0.4 s, 12 s, 3 min. */
export function formatSeconds(seconds) {
  if (seconds < 0.1) return `< ${formatNumber(0.1)} s`;
  if (seconds >= 90) return t("minutes", { n: Math.round(seconds / 60) });
  const digits = seconds < 10 ? 1 : 0;
  return `${formatNumber(seconds, { maximumFractionDigits: digits })} s`;
}

export const formatDate = (text) => format(text, { dateStyle: "long", timeStyle: "short" });
export const formatDay = (text) => format(text, { dateStyle: "long" });

/** Return the month of "2024-05" in words. */
export function formatMonth(month) {
  return format(`${month}-15T12:00:00Z`, { month: "long", year: "numeric", timeZone: "UTC" });
}

/** Return the name of a language such as "de" or "pt-BR". */
export function languageName(tag) {
  try {
    return new Intl.DisplayNames(locale, { type: "language" }).of(tag);
  } catch {
    return tag; // no tag that a browser knows
  }
}

/** Return how long ago a moment was. */
export function formatAgo(text) {
  const seconds = (new Date(text).getTime() - Date.now()) / 1000;
  /** @type {[Intl.RelativeTimeFormatUnit, number][]} */
  const steps = [["day", 86400], ["hour", 3600], ["minute", 60]];
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  for (const [unit, size] of steps) {
    if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  }
  return t("just_now");
}

function format(text, options) {
  const moment = new Date(text);
  return Number.isNaN(moment.getTime()) ? "" : formatter(options).format(moment);
}

/** Return a formatter for dates; to make one takes as long as to lay out a row of photos. */
function formatter(options) {
  const key = JSON.stringify(options);
  if (!formatters.has(key)) formatters.set(key, new Intl.DateTimeFormat(locale, options));
  return formatters.get(key);
}

function preferred() {
  for (const wanted of navigator.languages ?? [navigator.language]) {
    const short = wanted.slice(0, 2).toLowerCase();
    if (short in LANGUAGES) return short;
  }
  return "en";
}
