// When, where, who, what: the library by what is known of its photos.

import { get } from "../core/api.js";
import { el, fill } from "../core/dom.js";
import { formatMonth, t } from "../core/i18n.js";
import { session } from "../core/session.js";

const MOST_OFFERED = 200;
/** @type {[string, () => Promise<HTMLElement[]>][]} */
const SHELVES = [
  ["when", whenOptions],
  ["place", placeOptions],
  ["person", personOptions],
  ["tag", tagOptions],
];

/** Return the fields that narrow a list; `onChange({name: value})`. What the list itself is has none. */
export function shelfFilters(kind, query, onChange) {
  return SHELVES.filter(([name]) => name !== kind && (name !== "person" || session.knowsPeople)).map(([name, options]) => {
    const field = el("select", { class: "chip-select", "aria-label": t(`shelf.${name}`), on: { change: () => onChange({ [name]: field.value }) } });
    show(field, name, query[name] ?? "", []);
    field.hidden = !query[name];
    options().then(
      (found) => {
        show(field, name, query[name] ?? "", found);
        field.hidden = found.length === 0 && !query[name];
      },
      () => {}, // the banner tells; the list is there without
    );
    return field;
  });
}

/** Return the question for a year such as 2025, or a month such as 2025-07. */
export function spanOf(when) {
  if (!when) return {};
  return when.includes("-") ? { month: when } : { year: when };
}

function show(field, name, chosen, options) {
  const isKnown = options.some((one) => one.value === chosen || one.querySelector?.(`[value="${CSS.escape(chosen)}"]`));
  fill(field, el("option", { value: "", text: t(`shelf.${name}`) }), !isKnown && chosen && el("option", { value: chosen, text: chosen }), options);
  field.value = chosen;
  field.classList.toggle("is-chosen", chosen !== "");
}

/** Years, each with its months. */
async function whenOptions() {
  const { items } = await get("months");
  const years = new Map();
  for (const { month } of items) years.set(month.slice(0, 4), [...(years.get(month.slice(0, 4)) ?? []), month]);
  return [...years].map(([year, months]) =>
    el("optgroup", { label: year }, el("option", { value: year, text: t("shelf.year", { year }) }), months.map((month) => el("option", { value: month, text: formatMonth(month) }))),
  );
}

async function placeOptions() {
  const { items } = await get("places");
  return items.slice(0, MOST_OFFERED).map(({ name, photos }) => el("option", { value: name, text: `${name} (${photos})` }));
}

async function personOptions() {
  const { items } = await get("people");
  return items.slice(0, MOST_OFFERED).map(({ name, photos }) => el("option", { value: name, text: `${name} (${photos})` }));
}

async function tagOptions() {
  const { items } = await get("tags", { limit: MOST_OFFERED });
  return items.map((tag) => el("option", { value: tag.name, text: `#${tag.display} (${tag.photos})` }));
}
