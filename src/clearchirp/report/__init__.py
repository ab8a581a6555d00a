"""Figures of recordings and maps, and one self-contained HTML file of figures and tables.

The only room that imports Matplotlib; import it where a figure is asked for, not before.
"""

from clearchirp.report.beats import beat_figure
from clearchirp.report.distributions import box_figure, ecdf_figure
from clearchirp.report.experiment import write_experiment
from clearchirp.report.figures import (
    disturbed_figure,
    range_doppler_figure,
    range_profile_figure,
    stft_figure,
)
from clearchirp.report.html import Section, write_report
from clearchirp.report.samples import Samples
from clearchirp.report.standing import pareto_figure, ranking_figure
from clearchirp.report.tables import VERDICTS, Mark, Table, save_table
from clearchirp.report.writing import save_figure

__all__ = [
    "VERDICTS",
    "Mark",
    "Samples",
    "Section",
    "Table",
    "beat_figure",
    "box_figure",
    "disturbed_figure",
    "ecdf_figure",
    "pareto_figure",
    "range_doppler_figure",
    "range_profile_figure",
    "ranking_figure",
    "save_figure",
    "save_table",
    "stft_figure",
    "write_experiment",
    "write_report",
]
