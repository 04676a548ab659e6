"""What a long absence of the network, or of the server, costs a recording: nothing.

    python benchmarks/offline.py [--away-s 60]

Real Chromium records a sound in which no moment is like another. In one tab the network is gone for
so long in the middle, in a second one the server; in two more the server comes back without its
data. Each final track is compared packet by packet with what the recorder made, and frame by frame
with what the microphone played. It is the suite's own test with a longer absence.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parent.parent
TESTS = PROJECT / "tests" / "browser" / "test_recorder_network.py"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--away-s", type=float, default=60)
    options = parser.parse_args()
    command = [sys.executable, "-m", "pytest", "-v", "--durations=0", str(TESTS)]
    environment = os.environ | {"AUDIO_STREAM_TEST_AWAY_S": str(options.away_s)}
    return subprocess.run(command, cwd=PROJECT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
