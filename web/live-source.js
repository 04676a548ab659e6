/** Media Source Extensions as this browser has them. */

/**
 * What iPhones have instead: it also says when it wants no sound, to save power.
 *
 * @typedef {MediaSource & {streaming?: boolean}} MaybeManagedSource
 * @typedef {typeof globalThis & {ManagedMediaSource?: typeof MediaSource}} MaybeManaged
 */

const Source =
  globalThis.MediaSource ?? /** @type {MaybeManaged} */ (globalThis).ManagedMediaSource;

/** How it is called where people look behind it. */
export const SOURCE_NAME = globalThis.MediaSource ? "Media Source" : "Managed Media Source";

/** @param {string} mimeType */
export function canBuffer(mimeType) {
  return Boolean(Source?.isTypeSupported(withCodec(mimeType)));
}

/** Media Source wants to know the codec; for WebM it is Opus everywhere. @param {string} mimeType */
export function withCodec(mimeType) {
  return /^(audio|video)\/webm$/.test(mimeType) ? `${mimeType};codecs=opus` : mimeType;
}

/**
 * Attach a new source to the element at once, so that `play()` can follow within a person's click.
 *
 * @param {HTMLMediaElement} media
 */
export function attachSource(media) {
  const source = /** @type {MaybeManagedSource} */ (new Source());
  const url = URL.createObjectURL(source);
  media.disableRemotePlayback = true; // ManagedMediaSource insists on it.
  media.src = url;
  return {
    source,
    opened: new Promise((resolve) => {
      source.addEventListener("sourceopen", () => resolve(undefined), { once: true });
    }),
    detach() {
      URL.revokeObjectURL(url);
      if (media.src !== url) return;
      media.playbackRate = 1;
      media.removeAttribute("src");
      media.load();
    },
  };
}
