/**
 * News from the server: one event stream for all open pages of this browser, because it allows
 * only six connections to a host.
 *
 * @typedef {{open: () => void, station: (station: import("./api.js").Station) => void,
 *   track: (news: {id: string, deleted: boolean}) => void,
 *   upload: (news: {id: ?string, sent_bytes: number, size_bytes: number}) => void}} Listeners
 * @typedef {{type: "open"} | {type: "station" | "track" | "upload", data: any}} News
 */

import { backoff_s } from "./backoff.js";

/**
 * Keep an event stream open until the returned function is called.
 *
 * @param {(news: News) => void} tell `open` comes after each gap: read again what may have changed
 * @returns {() => void}
 */
export function openEventSource(tell) {
  /** @type {?EventSource} */
  let source = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let retry;
  let failures = 0;
  const connect = () => {
    source = new EventSource("/api/events");
    source.addEventListener("open", () => {
      failures = 0;
      tell({ type: "open" });
    });
    for (const type of /** @type {const} */ (["station", "track", "upload"])) {
      source.addEventListener(type, ({ data }) => tell({ type, data: JSON.parse(data) }));
    }
    source.addEventListener("error", () => {
      // It retries a broken connection by itself, but an error status ends it for good.
      source?.close();
      retry = setTimeout(connect, backoff_s(failures++) * 1000);
    });
  };
  connect();
  return () => {
    clearTimeout(retry);
    source?.close();
  };
}

/** Watches the server's news, sharing the stream with other pages where the browser can. */
export class EventWatch {
  #listeners;
  /** @type {(() => void) | null} */
  #stop = null;

  /** @param {Partial<Listeners>} listeners */
  constructor(listeners) {
    this.#listeners = listeners;
  }

  /** Watch, or let go, so that a page nobody looks at holds no connection. @param {boolean} on */
  set watching(on) {
    if (on === (this.#stop !== null)) return;
    if (on) {
      this.#stop = globalThis.SharedWorker ? this.#share() : openEventSource(this.#tell);
    } else {
      this.#stop?.();
      this.#stop = null;
    }
  }

  /** @param {News} news */
  #tell = (news) => {
    if (news.type === "open") this.#listeners.open?.();
    else this.#listeners[news.type]?.(news.data);
  };

  #share() {
    let worker;
    try {
      worker = new SharedWorker("/static/events-worker.js", {
        type: "module",
        name: "audio-stream-events",
      });
    } catch {
      return openEventSource(this.#tell); // Firefox, where it may keep nothing of this site.
    }
    const { port } = worker;
    port.onmessage = ({ data }) => this.#tell(data);
    let hasLeft = false;
    let leave = () => {
      port.postMessage("leave");
      port.close();
    };
    worker.addEventListener("error", () => {
      // A browser that knows no such workers in modules.
      if (!hasLeft) leave = openEventSource(this.#tell);
    });
    return () => {
      hasLeft = true;
      leave();
    };
  }
}
