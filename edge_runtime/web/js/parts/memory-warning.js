// What a model would do to this machine's memory.

import { formatBytes, formatNumber, t } from "../core/i18n.js";

const LARGE = 0.5;

/**
 * Return a sentence of warning for a model that is large for this machine, or null.
 * @param {{memory_bytes: number | null}} model
 * @param {{total_bytes?: number, limit_bytes?: number, available_bytes?: number, held?: number}} memory `held` by models that would make room
 */
export function memoryWarning({ memory_bytes: need }, { total_bytes: total, limit_bytes: limit, available_bytes: available, held = 0 }) {
  const whole = limit ?? total ?? null;
  if (!need || !whole) return null;
  const values = { need: formatBytes(need), whole: formatBytes(whole) };
  if (need > whole) return t("memory.too_large", values);
  const free = Math.min((available ?? whole) + held, whole);
  if (need > free) return t("memory.not_free", { ...values, free: formatBytes(free) });
  if (need < LARGE * whole) return null;
  return t("memory.large", { ...values, share: formatNumber(need / whole, { style: "percent" }) });
}
