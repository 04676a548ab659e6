/** What troubles or ends an upload though server and network are there. */

import { clock } from "./format.js";

/** Somebody ended this recording, so what is left of it cannot follow. */
export class EndedElsewhere extends Error {
  constructor() {
    super("This recording was ended from another page.");
  }
}

/** The server lost what this browser has no longer. */
export class PartLost extends Error {
  /** @param {number} lost_s */
  constructor(lost_s) {
    super(
      `The server has lost the first ${clock(lost_s)} of this recording, and so has this browser.`,
    );
  }
}

/** What this browser keeps cannot be read now; later it may be. */
export class Unreadable extends Error {
  /** @param {unknown} cause */
  constructor(cause) {
    super("This browser cannot read what it keeps of the recording.", { cause });
  }
}

/** This browser has lost what no server has yet, as when somebody clears what pages keep in it. */
export class PieceGone extends Error {
  constructor() {
    super("This browser has lost a part of the recording that was not sent yet.");
  }
}
