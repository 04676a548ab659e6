/** The drawer with the library's tracks. */

import { Problem, retryMp3 } from "./api.js";
import { element, find, icon, tell } from "./dom.js";
import { clock, counted, dayAndTime } from "./format.js";
import { describeState, rendition } from "./track-player.js";

/** @import { Track } from "./api.js" */
/** @import { TrackLibrary } from "./track-library.js" */

const TYPING_PAUSE_MS = 250;

export class TrackDrawer {
  #drawer = find("#tracks", HTMLElement);
  #opener = find("#view-tracks", HTMLButtonElement);
  #search = find("#search", HTMLInputElement);
  #list = find("#track-list", HTMLOListElement);
  #note = find("#track-note", HTMLElement);
  #more = find("#more-tracks", HTMLButtonElement);
  /** @type {Map<string, HTMLLIElement>} */
  #rows = new Map();
  #library;
  #onChoose;
  #loadedId = "";
  /** The station whose tracks need no name of it beside them. */
  defaultStation = "main";

  /**
   * @param {TrackLibrary} library
   * @param {(track: Track) => void} onChoose
   */
  constructor(library, onChoose) {
    this.#library = library;
    this.#onChoose = onChoose;
    library.addEventListener("change", () => this.#show());
    this.#opener.addEventListener("click", () => this.#toggle(!this.isOpen));
    find("#close-tracks", HTMLButtonElement).addEventListener("click", () => this.#toggle(false));
    this.#more.addEventListener("click", () => library.more());
    document.addEventListener("keydown", ({ key }) => {
      if (key === "Escape" && this.isOpen) this.#toggle(false);
    });
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let typing;
    this.#search.addEventListener("input", () => {
      clearTimeout(typing);
      typing = setTimeout(() => library.search(this.#search.value), TYPING_PAUSE_MS);
    });
  }

  get isOpen() {
    return this.#drawer.classList.contains("is-open");
  }

  /** Mark the track that the deck holds. @param {string} id @param {boolean} playing */
  mark(id, playing) {
    this.#loadedId = id;
    this.#list.classList.toggle("is-playing", playing);
    for (const row of this.#rows.values()) this.#markRow(row);
  }

  /** @param {HTMLLIElement} row */
  #markRow(row) {
    const isLoaded = row.dataset.trackId === this.#loadedId;
    row.firstElementChild?.setAttribute("aria-current", String(isLoaded));
  }

  /** @param {boolean} open */
  #toggle(open) {
    this.#drawer.classList.toggle("is-open", open);
    document.body.classList.toggle("has-drawer", open);
    this.#drawer.inert = !open;
    this.#opener.setAttribute("aria-expanded", String(open));
    (open ? this.#search : this.#opener).focus({ preventScroll: true });
  }

  #show() {
    const { tracks, hasMore, state, query } = this.#library;
    const ids = new Set(tracks.map(({ id }) => id));
    for (const [id, row] of this.#rows) {
      if (ids.has(id)) continue;
      row.remove();
      this.#rows.delete(id);
    }
    tracks.forEach((track, index) => {
      const row = this.#rows.get(track.id) ?? this.#makeRow(track.id);
      this.#fill(row, track);
      // Only what moved is moved, so that the focus stays where it was.
      if (this.#list.children[index] !== row) {
        this.#list.insertBefore(row, this.#list.children[index] ?? null);
      }
    });
    this.#more.hidden = !hasMore;
    tell(this.#note, noteFor(state, tracks.length, query, hasMore));
  }

  /** @param {string} id */
  #makeRow(id) {
    const row = element("li", { class: "track-row" });
    this.#rows.set(id, row);
    return row;
  }

  /**
   * @param {HTMLLIElement} row
   * @param {Track} track
   */
  #fill(row, track) {
    const stored = track.state === "processing" ? this.#library.storedShare(track.id) : null;
    const known = JSON.stringify([track, stored]);
    if (row.dataset.known === known) return;
    const hadFocus = row.contains(document.activeElement);
    row.dataset.known = known;
    row.dataset.trackId = track.id;
    row.dataset.state = track.state;
    const title = element("b", { class: "track-title" });
    title.textContent = track.title;
    const facts = [dayAndTime(track.created_at)];
    if (track.duration_s !== null) facts.unshift(clock(track.duration_s));
    if (track.station !== this.defaultStation) facts.push(track.station);
    const mark = element("span", { class: "track-mark" }, icon("play"));
    const button = element("button", { type: "button" }, mark, title);
    button.append(element("small", {}, facts.join(" · ")));
    const state =
      stored === null ? describeState(track) : `Being stored: ${Math.floor(stored * 100)} %`;
    if (state) button.append(element("span", { class: "track-state" }, state));
    button.disabled = track.state !== "ready";
    button.addEventListener("click", () => this.#onChoose(track));
    row.replaceChildren(button);
    this.#markRow(row);
    const mp3 = rendition(track, "mp3");
    if (mp3?.state === "ready") row.append(downloadLink(track, `${mp3.url}?download`));
    if (mp3?.state === "failed" && track.state === "ready") row.append(retryButton(track));
    if (hadFocus) button.focus();
  }
}

/** @param {Track} track */
function retryButton(track) {
  const button = element("button", { class: "pill quiet", type: "button" }, "Try again");
  button.setAttribute("aria-label", `Try again to make the MP3 of ${track.title}`);
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await retryMp3(track.id); // News of the track draws the row anew.
    } catch (error) {
      button.disabled = false;
      button.textContent = error instanceof Problem ? error.message : "Not now";
    }
  });
  return button;
}

/** @param {Track} track @param {string} href */
function downloadLink(track, href) {
  const link = element("a", { class: "round plain", href, download: "" }, icon("download"));
  link.setAttribute("aria-label", `Download ${track.title} as MP3`);
  link.title = "Download MP3";
  return link;
}

/**
 * @param {TrackLibrary["state"]} state
 * @param {number} count
 * @param {string} query
 * @param {boolean} hasMore
 */
function noteFor(state, count, query, hasMore) {
  if (state === "unreachable") return "The tracks cannot be read just now. Trying again…";
  if (state === "loading") return "Looking for tracks…";
  if (count === 0) return query ? `No tracks found for “${query}”` : "No tracks found";
  if (query === "") return "";
  return `${hasMore ? "More than " : ""}${counted(count, "track", "tracks")} found`;
}
