/** How this browser hears a station: the best of the ways that it has. */

/**
 * @typedef {"mse" | "plain" | "mp3"} Way
 *   `mse`: fed through Media Source, close to the live edge; `plain`: the element alone plays what
 *   the source sends; `mp3`: the element alone plays what the server makes of it
 */

/**
 * @param {string} mimeType what the source sends
 * @param {{canBuffer: (mimeType: string) => boolean, canPlay: (mimeType: string) => string}} browser
 * @returns {Way}
 */
export function chooseWay(mimeType, { canBuffer, canPlay }) {
  if (canBuffer(mimeType)) return "mse";
  return canPlay(mimeType) ? "plain" : "mp3";
}
