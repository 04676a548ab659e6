/**
 * Plays a station from its live edge and stays with it: through silence, off air and network loss,
 * until told to pause. It knows no page; whoever owns the media element shows its state.
 */

import * as api from "./api.js";
import { backoff_s, Pause } from "./backoff.js";
import { CannotPlay } from "./cannot-play.js";
import { LiveBuffer } from "./live-buffer.js";
import { LiveConnection } from "./live-connection.js";
import { PlainStream } from "./live-plain.js";
import { LiveRing } from "./live-ring.js";
import { LANDING_S } from "./live-steering.js";
import { TargetDelay } from "./live-target.js";
import { Ways } from "./live-way.js";
import { startPlaying } from "./start-playing.js";

/** @import { Way } from "./live-way.js" */

/**
 * @typedef {"paused" | "connecting" | "playing" | "offAir" | "unreachable" | "blocked"} State
 *   `offAir` and `unreachable` wait and try again by themselves; `blocked` means that the browser
 *   wants another click first
 */

/** Asked for at once, so that the element can begin at once: what Chromium begins with, and a packet. */
const BACKLOG_S = LANDING_S + 0.02;

/** More than this is worth a word; the element alone is about 4 s behind from its beginning. */
const BEHIND_S = { ring: 2, mse: 2, plain: 7, mp3: 7 };

/** Whoever owns the player hears when the station is back and wakes it; this is for missed news. */
const OFF_AIR_PAUSE = { first_s: 20, most_s: 20 };

export class LivePlayer extends EventTarget {
  #media;
  #output;
  #ways;
  #pause = new Pause();
  #station = "";
  #running = new AbortController();
  /** @type {?LiveConnection} */
  #connection = null;
  #target = new TargetDelay();
  /** @type {LiveRing | LiveBuffer | PlainStream | null} */
  #sound = null;
  #mimeType = "";
  /** Whether the connection before brought nothing any more: what it brought is no news. */
  #wasSilent = false;
  #tally = { stalls: 0, jumps: 0, connections: 0 };
  /** Whether something speaks for trying again at once. */
  #hasNews = false;

  #sounds = () => {
    if (this.isWanted) this.#become("playing");
  };

  /** How the sound is played. @type {Way} */
  way = "mse";

  /** @type {State} */
  state = "paused";

  /** Why the server gives no sound, in its words; null where it is no server's answer. @type {?string} */
  refusal = null;

  /**
   * @param {HTMLMediaElement} media
   * @param {() => ?AudioNode} output where sound may go that is no element's, if anywhere
   */
  constructor(media, output) {
    super();
    this.#media = media;
    this.#output = output;
    this.#ways = new Ways(media, output);
    media.addEventListener("pause", () => {
      // Not by us: unplugged headphones, a telephone call. What is paused is let go.
      if (this.state === "playing" && !media.ended && !this.#sound?.isEnding) this.pause();
    });
  }

  get isWanted() {
    return this.state !== "paused" && this.state !== "blocked";
  }

  /** Seconds behind the live edge, null where that cannot be known. */
  get delay_s() {
    return this.#sound?.delay_s ?? null;
  }

  /** Seconds behind where this way of playing could be; null while it is about there. */
  get behind_s() {
    if (this.state !== "playing" || this.#sound === null) return null;
    // While nothing comes, nobody knows whether there is anything to be behind of.
    const { delay_s, fill_s } = this.#sound;
    const behind_s = this.#streamed ? fill_s : (delay_s ?? 0);
    return behind_s > BEHIND_S[this.way] ? behind_s : null;
  }

  /** Seconds since sound last came, null where that cannot be known. */
  get silent_s() {
    if (this.state !== "playing" || this.#streamed === null) return null;
    return this.#liveness?.silent_s ?? null;
  }

  /** What is known of the sound and its way here since Play was pressed. */
  get account() {
    const steered = this.#streamed !== null;
    return {
      path: this.#sound?.path ?? "",
      mimeType: this.#mimeType,
      delay_s: this.delay_s,
      target_s: steered ? this.#target.target_s : null,
      fill_s: this.#sound?.fill_s ?? null,
      lowestFill_s: steered ? this.#target.lowestFill_s : null,
      jitter_s: steered ? this.#target.jitter_s : null,
      rate: this.#sound?.rate ?? 1,
      stalls: this.#tally.stalls + (this.#sound?.stalls ?? 0),
      jumps: this.#tally.jumps + (this.#sound?.jumps ?? 0),
      reconnects: Math.max(0, this.#tally.connections - 1),
    };
  }

  /** Start at the live edge. Call it within the person's click. @param {string} station */
  play(station) {
    this.#letGo();
    this.#running = new AbortController();
    if (station !== this.#station) this.#target = new TargetDelay();
    this.#station = station;
    this.#tally = { stalls: 0, jumps: 0, connections: 0 };
    this.#wasSilent = false;
    this.#run(station, this.#running.signal);
  }

  /** Stop, and let go of the connection. */
  pause() {
    this.#letGo();
    this.#become("paused");
    this.#media.pause();
  }

  /** Be at the live edge, now. */
  goLive() {
    if (!this.isWanted) return;
    if (this.#streamed && !this.#liveness?.isSuspicious) this.#streamed.goLive();
    else this.play(this.#station);
  }

  /** The station may be on air now, or the network back: try at once. */
  wake() {
    if (this.state === "playing") return;
    this.#hasNews = true; // The attempt that runs now may end in vain all the same.
    this.#pause.wake();
  }

  /** The network was away: a connection that brings nothing any more may wait for ever. */
  doubt() {
    this.#liveness?.doubt();
    this.wake();
  }

  /**
   * @param {string} station
   * @param {AbortSignal} signal
   */
  async #run(station, signal) {
    this.#become("connecting");
    for (let failures = 0; !signal.aborted; failures++) {
      /** @type {State} */
      let next = "offAir";
      let limits; // The broadcast ended; its source may be back in a moment.
      let refusal = null;
      this.#hasNews = false;
      try {
        await this.#listen(station, signal);
        failures = 0;
      } catch (error) {
        if (error instanceof CannotPlay && this.way !== "mp3") continue; // Another way, at once.
        if (error instanceof DOMException && error.name === "NotAllowedError") next = "blocked";
        else if (error instanceof api.Problem && error.status < 500) limits = OFF_AIR_PAUSE;
        else {
          next = "unreachable";
          if (error instanceof api.Problem) refusal = error.detail;
        }
        if (this.state === "playing") failures = 0;
      }
      if (signal.aborted) return;
      this.#become(next, refusal);
      if (next === "blocked") return;
      if (!this.#hasNews) await this.#pause.wait(backoff_s(failures, limits), signal);
    }
  }

  /**
   * Play until the broadcast ends.
   *
   * @param {string} station
   * @param {AbortSignal} signal
   */
  async #listen(station, signal) {
    const connection = new LiveConnection(signal);
    this.#connection = connection;
    const likely = this.#ways.likely(this.#mimeType);
    // At once, within the person's click.
    let playing = this.#attach(likely);
    try {
      this.#mimeType = await connection.open(station, this.#wasSilent ? 0 : BACKLOG_S);
      signal.throwIfAborted();
      this.#tally.connections++;
      this.way = this.#ways.bestFor(this.#mimeType);
      if (this.way !== likely) playing = this.#attach(this.way);
      if (this.#streamed) {
        await Promise.race([this.#feed(this.#streamed, connection), playing]);
      } else {
        connection.close(); // The element makes a request of its own.
        await this.#playPlainly(station);
      }
    } catch (error) {
      if (error instanceof CannotPlay) this.#ways.giveUp(this.way, this.#mimeType);
      throw error;
    } finally {
      connection.close();
      // Else another attempt may have begun.
      if (!signal.aborted) {
        if (this.#liveness?.isAlive) this.#wasSilent = this.#liveness.isDead;
        this.#drop();
      }
    }
  }

  /**
   * Be ready for sound in this way, if it is one of those that are fed.
   *
   * @param {Way} way
   * @returns {Promise<never>} rejects if the browser forbids sound without another click
   */
  #attach(way) {
    const output = this.#output();
    this.#drop();
    if (way === "ring" && output) {
      this.#sound = new LiveRing(this.#media, this.#target, output, this.#sounds);
    } else if (way === "mse") {
      this.#sound = new LiveBuffer(this.#media, this.#target, this.#sounds);
    }
    const blocked = startPlaying(this.#media);
    blocked.catch(() => {}); // Told by who waits for it, unless something else ends that first.
    return blocked;
  }

  /** Of the line that the sound comes by. */
  get #liveness() {
    const line = this.#sound instanceof PlainStream ? this.#sound : this.#connection;
    return line?.liveness;
  }

  /** What is fed, if that is how it sounds. */
  get #streamed() {
    return this.#sound instanceof PlainStream ? null : this.#sound;
  }

  /** At once, so that the element is never taken away from the attempt that follows. */
  #letGo() {
    this.#running.abort();
    this.#drop();
  }

  #drop() {
    this.#tally.stalls += this.#sound?.stalls ?? 0;
    this.#tally.jumps += this.#sound?.jumps ?? 0;
    this.#sound?.close();
    this.#sound = null;
  }

  /**
   * @param {LiveRing | LiveBuffer} sound
   * @param {LiveConnection} connection
   */
  async #feed(sound, connection) {
    await sound.open(this.#mimeType);
    await connection.read((bytes) => sound.push(bytes));
    await sound.finish();
  }

  /** @param {string} station */
  async #playPlainly(station) {
    const stream = new PlainStream(this.#media, this.#sounds);
    this.#drop();
    this.#sound = stream;
    await stream.play(station, this.way === "mp3" ? ".mp3" : "", !this.#wasSilent);
  }

  /** @param {State} state @param {?string} [refusal] */
  #become(state, refusal = null) {
    if (state === this.state && refusal === this.refusal) return;
    this.state = state;
    this.refusal = refusal;
    this.dispatchEvent(new Event("change"));
  }
}
