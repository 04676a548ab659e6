/** What the person chose in the studio stays chosen on the next visit. */

import * as api from "./api.js";
import { find } from "./dom.js";

/** @import { Sound } from "./microphone.js" */

export class StudioChoices {
  #settings;
  #stationField;
  #titleField;

  /** @param {HTMLFormElement} settings */
  constructor(settings) {
    this.#settings = settings;
    this.#stationField = find("#station", HTMLInputElement, settings);
    this.#titleField = find("#title", HTMLInputElement, settings);
  }

  /** @returns {Sound} */
  get sound() {
    // Not by FormData: it leaves out what is disabled, as all is while a recording runs.
    const music = find('input[value="music"]', HTMLInputElement, this.#settings);
    return music.checked ? "music" : "voice";
  }

  remember() {
    try {
      localStorage.setItem("audio-stream.station", this.#stationField.value);
      localStorage.setItem("audio-stream.sound", this.sound);
    } catch {
      // A private window forgets; that is its purpose.
    }
  }

  /** The page's address decides, then the last visit. */
  recall() {
    const asked = new URLSearchParams(location.search);
    this.#stationField.value = known(asked, "station") || this.#stationField.value;
    this.#titleField.value = asked.get("title") ?? "";
    const sound = known(asked, "sound") === "music" ? "music" : "voice";
    find(`input[value="${sound}"]`, HTMLInputElement, this.#settings).checked = true;
  }

  /** The one that the server's owner named, unless the person has another. */
  async useDefaultStation() {
    const first = (await api.listStations().catch(() => []))[0];
    const field = this.#stationField;
    if (first && field.value === field.defaultValue) field.value = first.station;
  }
}

/** @param {URLSearchParams} asked @param {string} name */
function known(asked, name) {
  try {
    return asked.get(name) ?? localStorage.getItem(`audio-stream.${name}`);
  } catch {
    return asked.get(name);
  }
}
