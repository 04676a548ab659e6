/** Offers what earlier visits could not send: send the rest, listen, discard. */

import { element, find, icon } from "./dom.js";
import { clock, dayAndTime } from "./format.js";
import { findLeftovers } from "./leftovers.js";
import { wordsOf } from "./studio-words.js";

/** @import { ChunkStore } from "./chunk-store.js" */
/** @import { Leftover } from "./leftovers.js" */
/** @import { Progress } from "./uploader.js" */

export class LeftoverList {
  #section = find("#leftovers", HTMLElement);
  #list = find("#leftovers ul", HTMLElement);
  #dialog = find("#confirm-discard", HTMLDialogElement);
  #store;
  #onEmptied;
  /** @type {Map<string, LeftoverRow>} */
  #rows = new Map();
  /** @type {?LeftoverRow} */
  #doubted = null;
  /** The searches, one after the other. */
  #searching = Promise.resolve();

  /**
   * @param {Promise<?ChunkStore>} store
   * @param {{onEmptied: () => void}} options told when the focus was in the last row, which is gone
   */
  constructor(store, { onEmptied }) {
    this.#store = store;
    this.#onEmptied = onEmptied;
    this.#dialog.addEventListener("close", () => {
      if (this.#dialog.returnValue === "discard") this.#doubted?.discard();
      this.#doubted = null;
    });
    addEventListener("online", () => {
      for (const row of this.#rows.values()) row.leftover.wake();
    });
    this.refresh();
  }

  /** Look again: a recording may have ended without having been sent, here or in another tab. */
  refresh() {
    this.#searching = this.#searching.then(() => this.#search()).catch(() => {});
    return this.#searching;
  }

  async #search() {
    const store = await this.#store;
    if (!store) return;
    const found = await findLeftovers(store, () => this.refresh());
    const keys = new Set(found.map(({ recording }) => recording.key));
    for (const row of [...this.#rows.values()]) {
      if (!row.isBusy && !keys.has(row.leftover.recording.key)) this.#remove(row);
    }
    for (const leftover of found) {
      if (this.#rows.has(leftover.recording.key)) continue;
      const row = new LeftoverRow(leftover, {
        doubt: () => this.#ask(row),
        gone: () => this.#remove(row),
      });
      this.#rows.set(leftover.recording.key, row);
      this.#list.append(row.element);
    }
    this.#section.hidden = this.#rows.size === 0;
  }

  /** @param {LeftoverRow} row */
  #ask(row) {
    this.#doubted = row;
    find("#discard-title", HTMLElement).textContent = `“${row.leftover.recording.title}”`;
    find("#discard-length", HTMLElement).textContent = clock(Math.ceil(row.leftover.unsent_s));
    this.#dialog.returnValue = "keep";
    this.#dialog.showModal();
  }

  /** @param {LeftoverRow} row */
  #remove(row) {
    const hadFocus = row.hasFocus;
    row.element.remove();
    this.#rows.delete(row.leftover.recording.key);
    this.#section.hidden = this.#rows.size === 0;
    if (!hadFocus) return;
    if (this.#section.hidden) this.#onEmptied();
    else find("#leftovers-heading", HTMLElement).focus();
  }
}

class LeftoverRow {
  #note = element("p", { class: "note", role: "status" });
  #send = button("dark", "Send the rest", () => this.#sendRest());
  #listen = button("quiet", "Listen", () => this.#play());
  #discard;
  #links = element("div", { class: "links" });
  #gone;
  isBusy = false;

  /**
   * @param {Leftover} leftover
   * @param {{doubt: () => void, gone: () => void}} on
   */
  constructor(leftover, { doubt, gone }) {
    this.leftover = leftover;
    this.#gone = gone;
    this.#discard = button("quiet", "Discard", doubt);
    this.#listen.prepend(icon("play"));
    this.#discard.prepend(icon("trash"));
    this.#links.append(this.#send, this.#listen, this.#discard);
    const title = element("b");
    title.textContent = leftover.recording.title;
    this.element = element("li", { tabindex: "-1" }, title, this.#note, this.#links);
    this.#tell();
    this.#listen.hidden = !leftover.isPlayable;
  }

  get hasFocus() {
    return this.element.contains(document.activeElement);
  }

  #tell() {
    const { started_at } = this.leftover.recording;
    const { unsent_s, duration_s } = this.leftover;
    const [rest, whole] = [clock(Math.ceil(unsent_s)), clock(Math.ceil(duration_s))];
    const missing = rest === whole ? whole : `${rest} of ${whole}`;
    this.#note.textContent = `${dayAndTime(started_at)} · ${missing} not sent yet`;
  }

  async #sendRest() {
    this.#become({ busy: true });
    this.#note.textContent = "Sending…";
    try {
      const { id, lost_s } = await this.leftover.send((progress) => this.#show(progress));
      const link = element("a", { class: "pill quiet", href: `/?track=${id}`, target: "_blank" });
      link.append(icon("link"), "Track");
      const { hasFocus } = this;
      this.#links.replaceChildren(link);
      if (hasFocus) link.focus();
      this.#note.textContent = lost_s
        ? `Sent. It is in the library now, but for about ${clock(Math.ceil(lost_s))} near its ` +
          "beginning: the server has lost that, and so has this browser."
        : "Sent. It is in the library now, whole.";
    } catch (error) {
      this.#become({ busy: false });
      this.#note.textContent = `Not sent: ${wordsOf(error)}`;
    }
  }

  /** @param {Progress} progress */
  #show({ unsent_s, trouble }) {
    const rest = `Sending… not sent yet: ${clock(Math.ceil(unsent_s))}`;
    this.#note.textContent = trouble ? `${trouble} It is tried again. ${rest}` : rest;
  }

  async #play() {
    /** @type {Blob} */
    let sound;
    try {
      sound = await this.leftover.sound();
    } catch (error) {
      this.#note.textContent = wordsOf(error);
      return;
    }
    const audio = element("audio", { controls: "", src: URL.createObjectURL(sound) });
    this.element.append(audio);
    if (this.hasFocus) audio.focus();
    this.#listen.remove();
    await audio.play().catch(() => {}); // The person can press its own button.
  }

  async discard() {
    this.#become({ busy: true });
    try {
      await this.leftover.discard();
      this.#gone();
    } catch (error) {
      this.#become({ busy: false });
      this.#note.textContent = `Not discarded: ${wordsOf(error)}`;
    }
  }

  /** @param {{busy: boolean}} state */
  #become({ busy }) {
    const { hasFocus } = this;
    this.isBusy = busy;
    this.#send.disabled = busy;
    this.#discard.disabled = busy;
    if (hasFocus) (busy ? this.element : this.#send).focus(); // One that is disabled loses it.
  }
}

/**
 * @param {string} look
 * @param {string} words
 * @param {() => void} onClick
 */
function button(look, words, onClick) {
  const made = element("button", { class: `pill ${look}`, type: "button" }, words);
  made.addEventListener("click", onClick);
  return made;
}
