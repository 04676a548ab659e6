/** What a person must know at once, said once, and taken back when it is over. */

import { element, icon } from "./dom.js";

/** @typedef {{words: string, act: () => void}} Action one click that helps */

export class Alarms {
  #place;
  /** @type {Map<string, {words: string, box: HTMLElement}>} */
  #raised = new Map();

  /** @param {HTMLElement} place with the role of an alert */
  constructor(place) {
    this.#place = place;
  }

  /**
   * @param {string} name what it is about: it takes the place of what was said of that before
   * @param {string} words
   * @param {Action[]} actions
   */
  raise(name, words, actions = []) {
    const told = words + actions.map((action) => action.words).join();
    if (this.#raised.get(name)?.words === told) return;
    const text = element("p");
    text.textContent = words;
    const box = element("div", { class: "alarm", "data-alarm": name }, icon("warning"), text);
    if (actions.length > 0) box.append(element("div", { class: "links" }, ...actions.map(button)));
    const before = this.#raised.get(name)?.box;
    if (before) before.replaceWith(box);
    else this.#place.append(box);
    this.#raised.set(name, { words: told, box });
  }

  /** @param {string[]} names */
  clear(...names) {
    for (const name of names) {
      this.#raised.get(name)?.box.remove();
      this.#raised.delete(name);
    }
  }
}

/** @param {Action} action */
function button({ words, act }) {
  const made = element("button", { class: "pill dark", type: "button" });
  made.textContent = words;
  made.addEventListener("click", act);
  return made;
}
