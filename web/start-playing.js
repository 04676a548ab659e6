/**
 * Start a media element. What else may go wrong, the element's own events tell.
 *
 * @param {HTMLMediaElement} media
 * @returns {Promise<never>} rejects if the browser forbids sound without another click
 */
export function startPlaying(media) {
  return new Promise((_, reject) => {
    media.play().catch((error) => {
      if (error.name === "NotAllowedError") reject(error);
    });
  });
}
