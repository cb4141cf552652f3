// The sign of Edge Captions: a photo with its line below.

import { svg } from "../core/dom.js";

/** Return the sign as a drawing. */
export function logo() {
  return svg(
    "svg",
    { viewBox: "0 0 32 32", class: "logo", "aria-hidden": "true", focusable: "false" },
    svg("rect", { x: 3, y: 4, width: 26, height: 17, rx: 3.5, class: "logo-photo" }),
    svg("circle", { cx: 22, cy: 9.5, r: 2.3, class: "logo-sun" }),
    svg("path", { d: "M3 18l6.500-7 5 5.500 2.500-2.500 6.500 7H6.500A3.500 3.500 0 0 1 3 18z", class: "logo-hill" }),
    svg("path", { d: "M5 25.500h22M5 29h13", class: "logo-line" }),
  );
}
