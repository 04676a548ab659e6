"""The player's arithmetic: where it should be, how it gets there, and what lines do to that."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.async_api import Page

pytestmark = pytest.mark.asyncio(loop_scope="session")

LINK = Path(__file__).with_name("live_link.js").read_text()
STEER = """async (player) => {
  const { steer } = await import("/static/live-steering.js");
  return steer({ rate: 1, target_s: 0.15, spare_s: 0.1, ...player });
}"""
LATE = [0.02, 0.06, 0.15]
WIFI = [0.1, 0.02, 0.3]


@pytest.mark.parametrize(
    ("ranges", "now_s", "expected"),
    [
        pytest.param([], 0, None, id="nothing buffered: wait"),
        pytest.param([[40.0, 40.1]], 0, None, id="too little to begin with: wait"),
        pytest.param([[40.0, 40.5]], 0, {"jumpTo_s": 40.28}, id="enough: begin near the edge"),
        pytest.param([[40.0, 41.0]], 40.85, {"rate": 1}, id="at the target: leave it"),
        pytest.param([[40.0, 41.0]], 40.2, {"rate": 1.03}, id="behind: hurry, within 3 %"),
        pytest.param([[40.0, 41.0]], 40.99, {"rate": 0.97}, id="too close: linger, within 3 %"),
        pytest.param([[40.0, 41.4]], 40.0, {"rate": 1.03}, id="well behind: hurry still"),
        pytest.param([[40.0, 42.0]], 40.4, {"jumpTo_s": 41.78}, id="far behind: jump"),
        pytest.param([[40.0, 41.0], [41.2, 41.5]], 40.98, {"jumpTo_s": 41.2}, id="a gap: over it"),
    ],
)
async def test_the_player_is_steered_to_its_target(
    blank: Page, ranges: list[list[float]], now_s: float, expected: dict[str, float] | None
) -> None:
    delay_s = ranges[-1][1] - now_s if ranges else 0
    player = {"ranges": ranges, "now_s": now_s, "delay_s": delay_s}
    steering = await blank.evaluate(STEER, player)
    if steering:
        steering.pop("keepsPitch", None)
    assert steering == (expected and pytest.approx(expected))


async def test_with_a_large_target_it_jumps_only_beyond_three_times_that(blank: Page) -> None:
    player = {"ranges": [[0, 9.6]], "now_s": 8, "delay_s": 1.6, "target_s": 0.55}
    assert (await blank.evaluate(STEER, player))["rate"] == 1.03


async def test_once_it_hurries_it_does_so_until_it_is_there(blank: Page) -> None:
    player = {"ranges": [[0, 9]], "now_s": 8.84, "delay_s": 0.16}
    steered = [await blank.evaluate(STEER, player | {"rate": rate}) for rate in (1, 1.03, 0.97)]
    assert [each["rate"] for each in steered] == [1, pytest.approx(1.005), 1]


async def test_with_little_to_spare_it_lets_the_pitch_go_a_little(blank: Page) -> None:
    player = {"ranges": [[0, 9]], "now_s": 8.95, "delay_s": 0.05, "spare_s": 0.03}
    assert await blank.evaluate(STEER, player) == {"rate": 0.98, "keepsPitch": False}


@pytest.mark.parametrize(
    ("link", "most_s"),
    [
        pytest.param({}, 0.1, id="what WebCodecs sends, on a clean line"),
        pytest.param({"batches_s": [0.04, 0.06, 0.04, 0.06, 0.06]}, 0.1, id="uneven batches"),
        pytest.param({"batches_s": [0.06]}, 0.12, id="a packet of MediaRecorder's"),
        pytest.param({"batches_s": [0.12]}, 0.18, id="chunks of MediaRecorder's"),
        pytest.param({"batches_s": [0.12, 0.06]}, 0.18, id="chunks of MediaRecorder's, uneven"),
        pytest.param({"late": [0.002, 0.02, 0.028]}, 0.14, id="programs that stumble now and then"),
        pytest.param({"late": LATE, "seed": 7}, 0.36, id="one request in fifty is late"),
        pytest.param({"late": [0.1, 0.02, 0.1]}, 0.3, id="a somewhat bad Wi-Fi"),
    ],
)
async def test_after_settling_nothing_silences_it_and_the_delay_is_small(
    blank: Page, link: dict[str, Any], most_s: float
) -> None:
    heard = await blank.evaluate(LINK, link)
    assert (heard["stalls"], heard["jumps"]) == (0, 0)
    assert heard["least_s"] > 0.045
    assert heard["most_s"] < most_s


@pytest.mark.parametrize(
    ("link", "most_s"),
    [
        pytest.param({}, 0.09, id="what WebCodecs sends, on a clean line"),
        pytest.param({"batches_s": [0.12, 0.06]}, 0.18, id="chunks of MediaRecorder's, uneven"),
        pytest.param({"late": [0.002, 0.02, 0.028]}, 0.14, id="programs that stumble now and then"),
        pytest.param({"late": LATE, "seed": 7}, 0.36, id="one request in fifty is late"),
    ],
)
async def test_what_the_page_decodes_is_as_free_of_stalls_and_comes_no_later(
    blank: Page, link: dict[str, Any], most_s: float
) -> None:
    heard = await blank.evaluate(LINK, link | {"ring": True, "settled_s": 30, "seconds": 90})
    assert heard["stalls"] == 0
    assert heard["most_s"] < most_s


async def test_what_the_page_decodes_changes_its_pitch_by_no_more_than_nobody_hears(
    blank: Page,
) -> None:
    rates = await blank.evaluate(
        """async () => {
          const { ringRate } = await import("/static/live-steering.js");
          const errors_s = [-2, -0.01, -0.003, 0, 0.003, 0.01, 2];
          return [1, 1.002].map((rate) => errors_s.map((error_s) => ringRate(error_s, rate)));
        }"""
    )
    at_rest, at_work = rates
    assert at_rest == [0.995, 0.995, 1, 1, 1, 1.005, 1.005]
    assert at_work == [0.995, 0.995, 0.997, 1, 1.003, 1.005, 1.005]


async def test_on_a_very_bad_line_the_target_is_half_a_second_and_no_more(blank: Page) -> None:
    heard = await blank.evaluate(LINK, {"late": WIFI, "settled_s": 20})
    assert heard["target_s"] == 0.5
    assert heard["stalls"] <= 2


async def test_a_clean_line_with_small_pieces_needs_the_least_there_is(blank: Page) -> None:
    heard = await blank.evaluate(LINK, {"batches_s": [0.02]})
    assert heard["target_s"] == pytest.approx(0.05, abs=0.002)
    assert heard["stalls"] == 0


async def test_one_request_in_fifty_late_stalls_it_less_than_once_in_two_minutes(
    blank: Page,
) -> None:
    lines = [await blank.evaluate(LINK, {"late": LATE, "seed": seed}) for seed in range(10)]
    assert sum(heard["stalls"] for heard in lines) <= 4


@pytest.mark.parametrize("ppm", [-200, 200])
async def test_a_clock_that_is_fast_or_slow_moves_nothing_in_ten_minutes(
    blank: Page, ppm: int
) -> None:
    heard = await blank.evaluate(LINK, {"ppm": ppm, "seconds": 600})
    assert (heard["stalls"], heard["jumps"]) == (0, 0)
    assert heard["most_s"] - heard["least_s"] < 0.045
    assert heard["changes"] < 60


async def test_what_a_page_takes_late_as_it_begins_is_no_jitter(blank: Page) -> None:
    targets = await blank.evaluate(
        """async () => {
          const { TargetDelay } = await import("/static/live-target.js");
          return [0, 20].map((late) => {
            const target = new TargetDelay();
            for (let i = 1; i <= 100; i++) {
              target.arrived(i * 0.04 + (i === late ? 0.3 : 0), i * 0.04);
            }
            return target.target_s;
          });
        }"""
    )
    assert targets[0] == targets[1]


async def test_after_a_stall_it_is_careful_for_minutes(blank: Page) -> None:
    before, soon, later, last = await blank.evaluate(
        """async () => {
          const { TargetDelay } = await import("/static/live-target.js");
          const target = new TargetDelay();
          const after = (from_s, to_s) => {
            for (let i = from_s * 25; i < to_s * 25; i++) target.arrived(i * 0.04, i * 0.04);
            return target.target_s;
          };
          const before = after(0, 20);
          target.stalled();
          return [before, after(20, 60), after(60, 120), after(120, 180)];
        }"""
    )
    assert soon - before == pytest.approx(0.02 * (1 - 40 / 120), abs=0.001)
    assert soon > later > last
    assert last == pytest.approx(before)


async def test_a_line_that_becomes_clean_again_is_trusted_slowly(blank: Page) -> None:
    delays = await blank.evaluate(
        """async () => {
          const { TargetDelay } = await import("/static/live-target.js");
          const target = new TargetDelay();
          const seen = [];
          for (let i = 1; i <= 2000; i++) {  // 80 s; at its tenth second, one batch is late
            target.arrived(i * 0.04 + (i === 250 ? 0.2 : 0), i * 0.04);
            if ([249, 250, 450, 2000].includes(i)) seen.push(target.target_s);
          }
          return seen;
        }"""
    )
    before, after, later, last = delays
    assert before < 0.1
    assert after > 0.24
    assert later == after
    assert last == pytest.approx(before)


async def test_an_accident_is_forgotten_sooner_than_a_habit(blank: Page) -> None:
    once, thrice = await blank.evaluate(
        """async () => {
          const { TargetDelay } = await import("/static/live-target.js");
          return [[250], [250, 300, 350]].map((late) => {
            const target = new TargetDelay();
            for (let i = 1; i <= 900; i++) {
              target.arrived(i * 0.04 + (late.includes(i) ? 0.1 : 0), i * 0.04);
            }
            return target.target_s;
          });
        }"""
    )
    assert once < 0.1
    assert thrice > 0.15


async def test_an_outage_is_no_jitter(blank: Page) -> None:
    targets = await blank.evaluate(
        """async () => {
          const { TargetDelay } = await import("/static/live-target.js");
          const target = new TargetDelay();
          const play = (from, to, gone_s) => {
            for (let i = from; i < to; i++) target.arrived(i * 0.04 + gone_s, i * 0.04);
            return target.target_s;
          };
          return [play(1, 500, 0), play(500, 510, 60), target.jitter_s];
        }"""
    )
    assert targets[0] == pytest.approx(targets[1])
    assert targets[2] < 0.01
