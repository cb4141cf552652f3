// What this browser remembers. Storage may be full or switched off: then it forgets.

const PREFIX = "edge-captions.";

/** Return what was kept under a name, or the default. */
export function recall(name, fallback = null) {
  try {
    const text = localStorage.getItem(PREFIX + name);
    return text === null ? fallback : JSON.parse(text);
  } catch {
    return fallback;
  }
}

/** Keep a value under a name; null forgets it. Returns whether it was kept. */
export function keep(name, value) {
  try {
    if (value === null) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

/** Return the names that begin like this. */
export function namesOf(start) {
  const wanted = PREFIX + start;
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(wanted)).map((key) => key.slice(PREFIX.length));
  } catch {
    return [];
  }
}

/** Return the chosen theme: "light", "dark" or "" for the system's. */
export function theme() {
  try {
    return localStorage.getItem(`${PREFIX}theme`) ?? "";
  } catch {
    return "";
  }
}

/** Choose a theme and show it. */
export function setTheme(name) {
  try {
    // a bare word, because theme.js reads it before anything else runs
    if (name) localStorage.setItem(`${PREFIX}theme`, name);
    else localStorage.removeItem(`${PREFIX}theme`);
  } catch {
    // it holds until the page is closed
  }
  if (name) document.documentElement.dataset.theme = name;
  else delete document.documentElement.dataset.theme;
}
