// Builds elements. Text only ever becomes text nodes: nothing a model, a person or a
// photo's metadata says can turn into markup.

const SVG = "http://www.w3.org/2000/svg";

/**
 * Return a new element.
 * props: attributes; and `class`, `text`, `on: {event: handler}`, `style: {property: value}`,
 * `props: {property: value}`. Values of null, undefined and (except aria-*) false are left out.
 */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) set(node, name, value);
  append(node, children);
  return node;
}

/** Return an SVG element. */
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** Put children behind those that are there; nested lists and empty values are fine. */
export function append(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) node.append(child);
  }
  return node;
}

/** Put children in the place of those that are there. */
export function fill(node, ...children) {
  node.replaceChildren();
  return append(node, children);
}

/** Return whether a person types in this element. */
export function isTyping(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.tagName === "TEXTAREA" || target.tagName === "SELECT") return true;
  return target instanceof HTMLInputElement && !["checkbox", "radio", "button", "range"].includes(target.type);
}

let lastId = 0;

/** Return an id that no other element has. */
export function freshId(prefix = "id") {
  lastId += 1;
  return `${prefix}-${lastId}`;
}

function set(node, name, value) {
  if (value === null || value === undefined) return;
  if (name === "class") node.className = value;
  else if (name === "text") node.textContent = value;
  else if (name === "on") {
    for (const [event, handler] of Object.entries(value)) node.addEventListener(event, handler);
  } else if (name === "style") {
    for (const [property, text] of Object.entries(value)) node.style.setProperty(property, text);
  } else if (name === "props") Object.assign(node, value);
  else if (name.startsWith("aria-")) node.setAttribute(name, String(value));
  else if (value === true) node.setAttribute(name, "");
  else if (value !== false) node.setAttribute(name, String(value));
}
