/** What became of a recording: its name, its sound, its addresses, and a way to delete it. */

import * as api from "./api.js";
import { find } from "./dom.js";
import { EventWatch } from "./events.js";
import { defaultTitle } from "./format.js";
import { wordsOf } from "./studio-words.js";
import { rendition, TrackPlayer } from "./track-player.js";

/** @import { Track } from "./api.js" */

/** News may be missed; while the track is being made, look now and then. */
const LOOK_EVERY_MS = 3000;

export class FinishedCard {
  #card = find("#finished", HTMLElement);
  #player = find("track-player", TrackPlayer, this.#card);
  #name = find("#name", HTMLInputElement);
  #note = find("#rename-note", HTMLElement);
  #mp3 = find("#mp3-link", HTMLAnchorElement);
  #mp3Note = find("#mp3-note", HTMLElement);
  #dialog = find("#confirm", HTMLDialogElement);
  #onDeleted;
  #id = "";
  #station = "";
  #started_at = new Date();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #look;
  #news = new EventWatch({
    open: () => this.#refresh(),
    track: ({ id, deleted }) => id === this.#id && (deleted ? this.hide() : this.#refresh()),
  });

  /** @param {{onDeleted: () => void}} options */
  constructor({ onDeleted }) {
    this.#onDeleted = onDeleted;
    find("#rename", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      this.#rename();
    });
    find("#delete", HTMLButtonElement).addEventListener("click", () => {
      find("#confirm-title", HTMLElement).textContent = `“${this.#name.value}”`;
      this.#dialog.returnValue = "keep";
      this.#dialog.showModal();
    });
    this.#dialog.addEventListener("close", () => {
      if (this.#dialog.returnValue === "delete") this.#delete();
    });
    document.addEventListener("visibilitychange", () => this.#watch());
  }

  /** @param {{id: string, station: string, title: string, started_at: Date}} recording */
  show({ id, station, title, started_at }) {
    this.#id = id;
    this.#station = station;
    this.#started_at = started_at;
    this.#name.value = title;
    this.#note.textContent = "";
    find("#track-link", HTMLAnchorElement).href = `/?track=${id}`;
    find("#listen-link", HTMLAnchorElement).href = `/?station=${encodeURIComponent(station)}`;
    this.#card.dataset.trackId = id;
    this.#show(soonTrack({ id, station, title, started_at }));
    this.#card.hidden = false;
    find("#finished-heading", HTMLElement).focus();
    this.#watch();
    this.#refresh();
  }

  hide() {
    clearTimeout(this.#look);
    if (this.#id) this.#player.unload();
    this.#id = "";
    this.#card.hidden = true;
    this.#watch();
  }

  #watch() {
    this.#news.watching = this.#id !== "" && document.visibilityState === "visible";
  }

  async #refresh() {
    clearTimeout(this.#look);
    const id = this.#id;
    if (!id) return;
    try {
      const track = await api.readTrack(id);
      if (id !== this.#id) return;
      this.#show(track);
      if (isSettled(track)) return;
    } catch (error) {
      if (await this.#isHopeless(id, error)) return;
    }
    this.#look = setTimeout(() => this.#refresh(), LOOK_EVERY_MS);
  }

  /**
   * A recording without sound, or one that failed, never becomes a track.
   *
   * @param {string} id
   * @param {unknown} error
   */
  async #isHopeless(id, error) {
    if (!(error instanceof api.Problem && error.status === 404)) return false;
    const recording = await api.readRecording(id).catch(() => null);
    if (recording?.state !== "failed" || id !== this.#id) return false;
    this.#mp3Note.textContent = recording.reason || "This recording could not be kept.";
    return true;
  }

  /** @param {Track} track */
  #show(track) {
    this.#player.load(track);
    const mp3 = rendition(track, "mp3");
    this.#mp3.hidden = mp3?.state !== "ready";
    this.#mp3.href = `${mp3?.url ?? ""}?download`;
    this.#mp3Note.textContent =
      mp3?.state === "pending" && track.state !== "failed" ? "The MP3 is being made…" : "";
  }

  async #rename() {
    const title = this.#name.value.trim() || defaultTitle(this.#station, this.#started_at);
    this.#note.textContent = "Saving…";
    try {
      const track = await api.renameTrack(this.#id, title);
      this.#name.value = track.title;
      this.#show(track);
      this.#note.textContent = "Saved.";
    } catch (error) {
      this.#note.textContent = `Not saved: ${wordsOf(error)}`;
    }
  }

  async #delete() {
    try {
      await api.deleteTrack(this.#id);
    } catch (error) {
      if (!(error instanceof api.Problem && error.status === 404)) {
        this.#note.textContent = `Not deleted: ${wordsOf(error)}`;
        return;
      }
    }
    this.hide();
    this.#onDeleted();
  }
}

/** @param {Track} track */
function isSettled(track) {
  return track.state !== "processing" && track.renditions.every(({ state }) => state !== "pending");
}

/**
 * What can be shown until the server tells more.
 *
 * @param {{id: string, station: string, title: string, started_at: Date}} recording
 * @returns {Track}
 */
function soonTrack({ id, station, title, started_at }) {
  const created_at = started_at.toISOString();
  const rest = { name: "", duration_s: null, incomplete: false, renditions: [] };
  return { id, station, title, created_at, state: "processing", ...rest };
}
