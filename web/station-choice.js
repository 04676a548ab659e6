/** Which station this page is about, and the choice between several. */

import { element } from "./dom.js";

/** @import { Station } from "./api.js" */

/** @type {Station} */
const UNKNOWN = {
  station: "",
  title: "",
  live: false,
  started_at: null,
  listeners: 0,
  mime_type: null,
};

export class StationChoice {
  #fieldset;
  #onChoose;
  /** @type {Map<string, Station>} */
  #known = new Map();
  #default = "main";
  #asked = new URLSearchParams(location.search).get("station");
  #shown = "";

  /**
   * @param {HTMLFieldSetElement} fieldset where the choice is shown, once there is one
   * @param {() => void} onChoose called when another station is the chosen one: somebody chose it, or
   *   the server says that it is the default
   */
  constructor(fieldset, onChoose) {
    this.#fieldset = fieldset;
    this.#onChoose = onChoose;
  }

  /** The slug of the station that needs no naming. */
  get default() {
    return this.#default;
  }

  /** The slug of the chosen station. */
  get chosen() {
    return this.#asked ?? this.#default;
  }

  /** What is known of the chosen station. */
  get current() {
    return this.#known.get(this.chosen);
  }

  /** @param {Station[]} stations all there are, the default one first */
  replace(stations) {
    const before = this.chosen;
    this.#default = stations[0]?.station ?? this.#default;
    this.#known = new Map(stations.map((station) => [station.station, station]));
    this.#show();
    if (this.chosen !== before) this.#onChoose();
  }

  /** @param {Partial<Station> & {station: string}} news */
  update(news) {
    const known = this.#known.get(news.station) ?? UNKNOWN;
    this.#known.set(news.station, { ...known, ...news });
    this.#show();
  }

  #show() {
    const offered = [...this.#known.values()].filter(
      ({ live, station }) => live || station === this.chosen,
    );
    // Not at each change of its audience: that would take an option away from under the finger.
    const shown = JSON.stringify([this.chosen, ...offered.map(describe)]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#fieldset.hidden = offered.length < 2;
    const focused = document.activeElement?.getAttribute("value");
    const labels = offered.map((station) => this.#option(station));
    this.#fieldset.replaceChildren(
      /** @type {Node} */ (this.#fieldset.firstElementChild),
      ...labels,
    );
    for (const input of this.#fieldset.querySelectorAll("input")) {
      if (input.value === focused) input.focus();
    }
  }

  /** @param {Station} station */
  #option(station) {
    const slug = station.station;
    const input = element("input", { type: "radio", name: "station", value: slug });
    input.checked = slug === this.chosen;
    input.addEventListener("change", () => {
      this.#asked = slug;
      const url = new URL(location.href);
      url.searchParams.set("station", slug);
      history.replaceState(null, "", url);
      this.#onChoose();
    });
    const look = station.live ? "pill-text on-air" : "pill-text";
    return element("label", {}, input, element("span", { class: look }, describe(station)));
  }
}

/** @param {Station} station */
function describe({ station, title, live }) {
  if (!live) return `${station} (off air)`;
  return title ? `${station}: ${title}` : station;
}
