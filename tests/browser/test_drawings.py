"""What the pages draw on: canvases that keep their size while they are drawn on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.async_api import Browser

pytestmark = pytest.mark.asyncio(loop_scope="session")

DRAW_AGAIN = """async () => {
  const { Visualizer } = await import("/static/visualizer.js");
  await import("/static/track-player.js");
  const disc = document.createElement("canvas");
  disc.dataset.disc = "0.66";
  const player = document.createElement("track-player");
  document.body.append(disc, player);
  const bar = player.querySelector("canvas");
  for (const canvas of [disc, bar]) canvas.style.cssText = "width: 333px; height: 41px";
  const visualizer = new Visualizer(disc);
  const draw = () => {
    visualizer.stop();
    player.seekTo(0);
  };
  draw();
  let sizes = 0;
  const { get, set } = Object.getOwnPropertyDescriptor(HTMLCanvasElement.prototype, "width");
  const count = { get, set(width) { sizes++; set.call(this, width); } };
  for (const canvas of [disc, bar]) Object.defineProperty(canvas, "width", count);
  draw();
  return [disc.width, bar.width, sizes];
}"""


@pytest.mark.parametrize("ratio", [1, 1.3, 2])
async def test_a_canvas_is_made_anew_only_when_its_size_changes(
    chromium: Browser, address: str, ratio: float
) -> None:
    page = await chromium.new_page(base_url=address, device_scale_factor=ratio)
    await page.goto("/no-such-page")
    width = round(333 * ratio)
    assert await page.evaluate(DRAW_AGAIN) == [width, width, 0]
    await page.close()
