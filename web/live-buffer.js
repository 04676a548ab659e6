/** Feeds a media element with live bytes through Media Source Extensions, close to the live edge. */

import { joined } from "./bytes.js";
import { CannotPlay } from "./cannot-play.js";
import { attachSource, SOURCE_NAME, withCodec } from "./live-source.js";
import { LANDING_S, steer } from "./live-steering.js";
import { USUAL_NEEDS } from "./live-target.js";

/** @import { Bytes } from "./bytes.js" */
/** @import { TargetDelay } from "./live-target.js" */

/** Sound that was heard is kept this long at most. */
const KEEP_S = 10;
const TRIM_BEYOND_S = 30;
/** What is being heard must stay, and its surroundings. */
const KEEP_LEAST_S = 0.5;
/** Appended in one piece at most: little enough to find room once what was heard is gone. */
const PIECE_BYTES = 256 * 1024;
/** With so much in hand, a source that asks for no more sound to save power gets none. */
const ENOUGH_S = 2;
/** A player that never started has nothing to play out. */
const PLAY_OUT_MS = 2000;

export class LiveBuffer {
  #media;
  #onSounding;
  #target;
  #attached;
  /** @type {?SourceBuffer} */
  #buffer = null;
  /** @type {Bytes[]} */
  #waiting = [];
  #wanted = true;
  #ended = false;
  #sounding = false;
  #hasSounded = false;
  #isDry = false;
  #closed = new AbortController();

  /** How this way is called where people look behind it. */
  path = SOURCE_NAME;
  /** How often the sound stopped because nothing had come. */
  stalls = 0;
  /** How often it leapt to where it should be. */
  jumps = 0;

  /**
   * Attach to the element at once, so that `play()` can follow within a person's click.
   *
   * @param {HTMLMediaElement} media
   * @param {TargetDelay} target
   * @param {() => void} onSounding called when it is heard, be it for the first time or again
   */
  constructor(media, target, onSounding) {
    this.#media = media;
    this.#target = target;
    this.#onSounding = onSounding;
    this.#attached = attachSource(media);
    this.#listenTo(media, {
      playing: () => {
        this.#sounding = this.#hasSounded = true;
        this.#isDry = false;
        this.#onSounding();
      },
      waiting: () => this.#stalled(),
    });
    this.#listenTo(this.#attached.source, {
      startstreaming: () => {
        this.#wanted = true;
        this.#append();
      },
      endstreaming: () => {
        this.#wanted = false;
      },
    });
  }

  /** Seconds from what is heard to the live edge, null before the first sound. */
  get delay_s() {
    const edge_s = this.#target.liveEdge_s(performance.now() / 1000);
    return this.#sounding && edge_s ? edge_s - this.#media.currentTime : null;
  }

  /** Seconds of sound that are there and not yet heard. */
  get fill_s() {
    const edge_s = this.#ranges().at(-1)?.[1];
    return edge_s === undefined ? 0 : edge_s - this.#media.currentTime;
  }

  get rate() {
    return this.#media.playbackRate;
  }

  /** Whether no more will come. */
  get isEnding() {
    return this.#ended;
  }

  /** Raises `CannotPlay`. @param {string} mimeType one that `canBuffer` */
  async open(mimeType) {
    const { source, opened } = this.#attached;
    await opened;
    this.#target.restart(USUAL_NEEDS);
    source.duration = Number.POSITIVE_INFINITY;
    try {
      this.#buffer = source.addSourceBuffer(withCodec(mimeType));
    } catch (error) {
      throw new CannotPlay(String(error));
    }
    this.#buffer.mode = "sequence"; // What comes first begins at 0: no seeking to it.
    this.#listenTo(this.#buffer, { updateend: () => this.#updated() });
  }

  /** Raises `CannotPlay`, or another error where it could until now. @param {Bytes} bytes */
  push(bytes) {
    const { error } = this.#media;
    if (error) throw this.#hasSounded ? new Error(error.message) : new CannotPlay(error.message);
    this.#waiting.push(bytes);
    this.#append();
  }

  /** Leap to the live edge. */
  goLive() {
    const edge_s = this.#ranges().at(-1)?.[1];
    if (edge_s !== undefined) this.#jump(edge_s - this.#target.target_s);
  }

  /** No more will come: what is buffered plays out. Resolves when it has. */
  async finish() {
    this.#ended = true;
    this.#append();
    await new Promise((resolve) => {
      const { signal } = this.#closed;
      for (const type of ["ended", "pause", "error"]) {
        this.#media.addEventListener(type, resolve, { once: true, signal });
      }
      signal.addEventListener("abort", resolve);
      setTimeout(resolve, PLAY_OUT_MS);
    });
  }

  close() {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort();
    this.#attached.detach();
  }

  #append() {
    const buffer = this.#buffer;
    const { source } = this.#attached;
    if (!buffer || buffer.updating || source.readyState !== "open") return;
    if (!this.#wanted && this.fill_s > ENOUGH_S) return;
    if (this.#waiting.length === 0) {
      if (this.#ended) source.endOfStream();
      return;
    }
    const bytes = take(this.#waiting, PIECE_BYTES);
    try {
      buffer.appendBuffer(bytes);
    } catch (error) {
      this.#waiting.unshift(bytes);
      if (!(error instanceof DOMException && error.name === "QuotaExceededError")) throw error;
      this.#makeRoom();
    }
  }

  #updated() {
    const buffer = this.#buffer;
    const ranges = this.#ranges();
    const edge_s = ranges.at(-1)?.[1];
    if (buffer && edge_s !== undefined) {
      if (buffer.mode === "sequence" && !buffer.updating) keepGaps(buffer);
      this.#steer(ranges, edge_s);
    }
    const heard_s = this.#media.currentTime - (ranges[0]?.[0] ?? 0);
    if (heard_s > TRIM_BEYOND_S) this.#remove(this.#media.currentTime - KEEP_S);
    this.#append();
  }

  /** What was heard goes; where that is nothing, what is too old to be heard does. */
  #makeRoom() {
    const [first] = this.#ranges();
    if (!first) return; // The next bytes that come try again.
    if (this.#media.currentTime - first[0] < 1 && this.fill_s > TRIM_BEYOND_S) this.goLive();
    this.#remove(this.#media.currentTime - KEEP_LEAST_S);
  }

  /** Ends in another `updateend`. @param {number} until_s */
  #remove(until_s) {
    if (this.#buffer && !this.#buffer.updating && until_s > 0) this.#buffer.remove(0, until_s);
  }

  #ranges() {
    /** @type {[number, number][]} */
    const ranges = [];
    // An element that has erred takes its buffers away.
    const isThere = this.#attached.source.readyState !== "closed";
    const buffered = isThere ? this.#buffer?.buffered : null;
    for (let i = 0; buffered && i < buffered.length; i++) {
      ranges.push([buffered.start(i), buffered.end(i)]);
    }
    return ranges;
  }

  /**
   * @param {[number, number][]} ranges
   * @param {number} edge_s
   */
  #steer(ranges, edge_s) {
    const media = this.#media;
    const now_s = performance.now() / 1000;
    const position_s = media.currentTime;
    this.#target.arrived(now_s, edge_s, this.#sounding ? position_s : undefined);
    const steering = steer({
      ranges,
      now_s: position_s,
      delay_s: this.#target.liveEdge_s(now_s) - position_s,
      target_s: this.#target.target_s,
      spare_s: this.#target.spare_s,
      rate: media.playbackRate,
    });
    if (steering === null) return;
    if ("jumpTo_s" in steering) {
      this.#jump(steering.jumpTo_s);
    } else if (this.#isDry && edge_s - position_s > Math.max(LANDING_S, this.#target.target_s)) {
      // After each stall Chromium waits for twice as much as before it, unless it seeks.
      this.#isDry = false;
      media.currentTime = position_s;
    } else if (this.#sounding) {
      if (media.preservesPitch !== steering.keepsPitch) media.preservesPitch = steering.keepsPitch;
      if (media.playbackRate !== steering.rate) media.playbackRate = steering.rate;
    }
  }

  /** @param {number} position_s */
  #jump(position_s) {
    this.#media.currentTime = position_s;
    this.#media.playbackRate = 1;
    this.#sounding = false;
    this.#isDry = false;
    this.jumps++;
  }

  #stalled() {
    if (!this.#sounding || this.#media.seeking || this.#ended) return;
    this.#sounding = false;
    this.#isDry = true;
    this.stalls++;
    this.#target.stalled();
  }

  /**
   * @param {EventTarget} target
   * @param {Record<string, () => void>} listeners
   */
  #listenTo(target, listeners) {
    for (const [type, listener] of Object.entries(listeners)) {
      target.addEventListener(type, listener, { signal: this.#closed.signal });
    }
  }
}

/**
 * From here on a gap stays a gap, so that the player's time goes with the source's.
 *
 * @param {SourceBuffer} buffer
 */
function keepGaps(buffer) {
  try {
    buffer.mode = "segments";
  } catch {
    // It is in the middle of a segment; the next bytes may end that.
  }
}

/**
 * Take as many pieces as there is room for, at least one, and make them one.
 *
 * @param {Bytes[]} pieces
 * @param {number} most_bytes
 */
function take(pieces, most_bytes) {
  let size_bytes = 0;
  let count = 0;
  for (const { length } of pieces) {
    size_bytes += length;
    if (count > 0 && size_bytes > most_bytes) break;
    count++;
  }
  const taken = pieces.splice(0, count);
  return taken.length === 1 && taken[0] ? taken[0] : joined(...taken);
}
