/** A deadline for requests: one that went into a dead network is never answered. */

import { Unreachable } from "./api.js";

/**
 * Rejects with `Unreachable` when there is no answer in time, or as soon as `signal` is aborted.
 *
 * @template T
 * @param {number} within_ms
 * @param {(signal: AbortSignal) => Promise<T>} request
 * @param {AbortSignal} [signal]
 * @returns {Promise<T>}
 */
export async function answerWithin(within_ms, request, signal) {
  signal?.throwIfAborted();
  const over = new AbortController();
  const giveUp = () => over.abort(new Unreachable("silence"));
  const timer = setTimeout(giveUp, within_ms);
  signal?.addEventListener("abort", giveUp);
  try {
    return await Promise.race([request(over.signal), aborted(over.signal)]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", giveUp);
  }
}

/** @param {AbortSignal} signal @returns {Promise<never>} */
function aborted(signal) {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}
