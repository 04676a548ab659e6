/** Numbers and dates as people read them. */

/** @param {number} seconds @returns {string} `m:ss`, or `h:mm:ss` from an hour on */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** @param {number} bytes */
export function size(bytes) {
  const mega = bytes >= 1e6;
  const value = mega ? bytes / 1e6 : bytes / 1e3;
  const digits = value < 10 ? 1 : 0;
  return `${value.toLocaleString(undefined, { maximumFractionDigits: digits })} ${mega ? "MB" : "kB"}`;
}

/** @param {string | Date} date */
export function timeOfDay(date) {
  return new Date(date).toLocaleTimeString(undefined, { timeStyle: "short" });
}

/** @param {string | Date} date */
export function dayAndTime(date) {
  return new Date(date).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

/** What a recording is called when nobody named it. @param {string} station @param {Date} date */
export function defaultTitle(station, date) {
  return `${station}, ${dayAndTime(date)}`;
}

/** @param {number} count @param {string} one @param {string} many */
export function counted(count, one, many) {
  return `${count.toLocaleString()} ${count === 1 ? one : many}`;
}
