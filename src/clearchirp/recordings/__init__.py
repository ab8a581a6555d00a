"""Whole recordings of any size, frame by frame on all cores or a cluster, interrupted and resumed.

`clean_recording` and `detect_recording` are what the commands `mitigate` and `detect` run.
"""

from clearchirp.recordings.clean import CleanedRecording, clean_recording
from clearchirp.recordings.detect import DetectedRecording, detect_recording
from clearchirp.recordings.run import Interruption

__all__ = [
    "CleanedRecording",
    "DetectedRecording",
    "Interruption",
    "clean_recording",
    "detect_recording",
]
