/** What a headset, the keyboard's media keys and the lock screen do, and what that shows. */

export class MediaKeys {
  #shown = "";

  /** @param {{play: () => void, pause: () => void}} actions */
  constructor({ play, pause }) {
    navigator.mediaSession?.setActionHandler("play", play);
    navigator.mediaSession?.setActionHandler("pause", pause);
  }

  /** Say it once: each time the system draws it anew. @param {string} title empty: the page's own */
  show(title) {
    if (!navigator.mediaSession || title === this.#shown) return;
    this.#shown = title;
    const artwork = [{ src: "/cover" }];
    navigator.mediaSession.metadata =
      title === "" ? null : new MediaMetadata({ title, artist: document.title, artwork });
  }
}
