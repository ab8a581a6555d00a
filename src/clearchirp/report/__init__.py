"""Figures of recordings and maps, and one self-contained HTML file of figures and tables.

The only room that imports Matplotlib; import it where a figure is asked for, not before.
"""

from clearchirp.report.beats import beat_figure
from clearchirp.report.figures import (
    disturbed_figure,
    range_doppler_figure,
    range_profile_figure,
    stft_figure,
)
from clearchirp.report.html import Table, write_report
from clearchirp.report.writing import save_figure

__all__ = [
    "Table",
    "beat_figure",
    "disturbed_figure",
    "range_doppler_figure",
    "range_profile_figure",
    "save_figure",
    "stft_figure",
    "write_report",
]
