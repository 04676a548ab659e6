/** Small words for building pages. Text is always text: nothing here parses HTML. */

/**
 * The element that the page's HTML promises.
 *
 * @template {Element} T
 * @param {string} selector
 * @param {new () => T} type
 * @param {ParentNode} [root]
 * @returns {T}
 */
export function find(selector, type, root = document) {
  const found = root.querySelector(selector);
  if (!(found instanceof type)) throw new Error(`The page has no ${selector}.`);
  return found;
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string>} [attributes]
 * @param {(Node | string)[]} children
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/**
 * Say it once: each time costs the browser a frame, and screen readers a repetition.
 *
 * @param {Element} place
 * @param {string} words
 */
export function tell(place, words) {
  if (place.textContent !== words) place.textContent = words;
}

/** @param {string} name one of the drawings in icons/ */
export function icon(name) {
  return element("span", { class: `icon icon-${name}`, "aria-hidden": "true" });
}
