"""News reach a page in every browser, and a page that nobody looks at holds no connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext

pytestmark = pytest.mark.asyncio(loop_scope="session")

FORBIDDEN = """
  globalThis.SharedWorker = class {
    constructor() {
      throw new DOMException("The operation is insecure.", "SecurityError");
    }
  };
"""
WATCH_A_WORKER_THAT_ERRS = """async (isLookedAt) => {
  const { EventWatch } = await import("/static/events.js");
  let worker;
  globalThis.SharedWorker = class extends EventTarget {
    port = new MessageChannel().port1;
    constructor() {
      super();
      worker = this;
    }
  };
  const sources = [];
  globalThis.EventSource = class extends EventTarget {
    isOpen = sources.push(this) > 0;
    close() { this.isOpen = false; }
  };
  const watch = new EventWatch({});
  watch.watching = true;
  watch.watching = isLookedAt;
  worker.dispatchEvent(new Event("error"));
  const before = sources.filter(({ isOpen }) => isOpen).length;
  watch.watching = false;
  return [before, sources.filter(({ isOpen }) => isOpen).length];
}"""


async def test_news_come_where_the_browser_forbids_to_share_them(visitor: BrowserContext) -> None:
    page = await visitor.new_page()
    await page.add_init_script(FORBIDDEN)
    async with page.expect_request("**/api/events"):
        await page.goto("/")


@pytest.mark.parametrize("is_looked_at", [True, False])
async def test_a_worker_that_errs_is_replaced_while_somebody_looks(
    visitor: BrowserContext, *, is_looked_at: bool
) -> None:
    page = await visitor.new_page()
    await page.goto("/no-such-page")
    streams = await page.evaluate(WATCH_A_WORKER_THAT_ERRS, is_looked_at)
    assert streams == [int(is_looked_at), 0]
