/** The tracks that a page knows: searched, paged, and kept up to date by news. No page in here. */

import * as api from "./api.js";
import { backoff_s } from "./backoff.js";

/** @import { Track } from "./api.js" */

/** Asked for at once; and what the server gives at once at most. */
const PAGE = 30;
const MOST = 200;

export class TrackLibrary extends EventTarget {
  /** @type {Map<string, Track>} */
  #tracks = new Map();
  /** @type {?string} */
  #cursor = null;
  #query = "";
  #asked = 0;
  #failures = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retry;

  /** @type {"loading" | "ready" | "unreachable"} */
  state = "loading";

  /** Newest first. */
  get tracks() {
    return [...this.#tracks.values()].sort(
      (a, b) => Date.parse(b.created_at) - Date.parse(a.created_at) || (a.id < b.id ? 1 : -1),
    );
  }

  get query() {
    return this.#query;
  }

  get hasMore() {
    return this.#cursor !== null;
  }

  /** The newest track that plays, whatever is searched for. */
  newest = /** @type {?Track} */ (null);

  /** How much of a track's file is stored, from 0 to 1, while that goes on. @type {Map<string, number>} */
  #stored = new Map();

  /** @param {string} id */
  storedShare(id) {
    return this.#stored.get(id) ?? null;
  }

  /** @param {{id: ?string, sent_bytes: number, size_bytes: number}} news */
  noteUpload({ id, sent_bytes, size_bytes }) {
    if (id === null || !this.#tracks.has(id)) return;
    this.#stored.set(id, size_bytes > 0 ? sent_bytes / size_bytes : 1);
    this.#changed();
  }

  /** Read again what is loaded, or the newest of it where that is more than the server gives at once. */
  async refresh() {
    await this.#load({ limit: Math.min(Math.max(PAGE, this.#tracks.size), MOST) });
  }

  /** @param {string} query every word of it must occur in the title or the station */
  async search(query) {
    this.#query = query.trim();
    await this.#load({});
  }

  async more() {
    if (this.#cursor !== null) await this.#load({ cursor: this.#cursor });
  }

  /** @param {{cursor?: ?string, limit?: number}} page */
  async #load({ cursor = null, limit = PAGE }) {
    clearTimeout(this.#retry);
    const asked = ++this.#asked;
    const query = this.#query;
    try {
      const page = await api.listTracks({ query, cursor, limit });
      if (asked !== this.#asked) return; // The person has typed on meanwhile.
      if (cursor === null) this.#tracks.clear();
      for (const track of page.tracks) this.#tracks.set(track.id, track);
      this.#cursor = page.next_cursor;
      this.state = "ready";
      this.#failures = 0;
      if (query === "" && cursor === null) this.#findNewest(this.tracks);
    } catch {
      if (asked !== this.#asked) return;
      this.state = "unreachable";
      this.#retry = setTimeout(() => this.refresh(), backoff_s(this.#failures++) * 1000);
    }
    this.#changed();
  }

  /** @param {{id: string, deleted: boolean}} news */
  async apply({ id, deleted }) {
    this.#stored.delete(id);
    let track = null;
    try {
      track = deleted ? null : await api.readTrack(id);
    } catch (error) {
      if (!(error instanceof api.Problem && error.status === 404)) return; // Told again later.
    }
    if (track === null) {
      this.#tracks.delete(id);
      if (this.newest?.id === id) this.newest = null;
      if (this.#query === "") this.#findNewest(this.tracks);
      this.#changed();
      return;
    }
    this.#findNewest([track]);
    if (this.#query !== "") {
      await this.refresh(); // Only the server knows whether it matches.
      return;
    }
    if (this.#tracks.has(id) || !this.#isBeyondLoaded(track)) this.#tracks.set(id, track);
    this.#changed();
  }

  /** @param {Track} track */
  #isBeyondLoaded(track) {
    const oldest = this.tracks.at(-1);
    return this.hasMore && oldest !== undefined && track.created_at < oldest.created_at;
  }

  /** @param {Track[]} tracks */
  #findNewest(tracks) {
    for (const track of tracks) {
      if (track.state !== "ready") continue;
      const known = this.newest;
      if (!known || known.id === track.id || known.created_at < track.created_at) {
        this.newest = track;
      }
    }
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
