/** How this browser hears a station: the best of the ways that it has. */

/**
 * @typedef {"ring" | "mse" | "plain" | "mp3"} Way
 *   `ring`: decoded by the page, close to the live edge; `mse`: fed through Media Source, as close,
 *   but for its stumbling; `plain`: the element alone plays what the source sends; `mp3`: the element
 *   alone plays what the server makes of it
 */

/** Sound of this type cannot be played this way, whatever the browser said. */
export class CannotPlay extends Error {}

/**
 * @param {Record<Exclude<Way, "mp3">, boolean>} can what it can do with what the source sends
 * @returns {Way}
 */
export function chooseWay({ ring, mse, plain }) {
  if (ring) return "ring";
  if (mse) return "mse";
  return plain ? "plain" : "mp3";
}
