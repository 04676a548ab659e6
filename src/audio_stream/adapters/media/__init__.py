"""The ffmpeg command: remuxing, converting, measuring."""
