"""Methods over many frames as tables with intervals, rankings, figures and one HTML file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from clearchirp._version import __version__
from clearchirp.metrics import aggregate
from clearchirp.metrics.aggregate import Aggregate
from clearchirp.metrics.ranking import Ranking, rank
from clearchirp.report.columns import axis_label, column, heading
from clearchirp.report.distributions import box_figure, ecdf_figure
from clearchirp.report.html import Section, write_report
from clearchirp.report.samples import Samples
from clearchirp.report.standing import pareto_figure, place_text, ranking_figure
from clearchirp.report.tables import Mark, Table, save_table
from clearchirp.report.writing import save_figure
from clearchirp.types import InputError

# What a reader asks for first.
_LEADING = ("f1", "evm", "map_sinr_db", "beat_sinr_db")
_PARETO_PANELS = 3
# More groups than these show the ranking of the leading metric only; the others lie beside.
_FULL_GROUPS = 3


class _Judged(NamedTuple):
    """One group with all that is computed from it."""

    samples: Samples
    means: Mapping[str, Mapping[str, Aggregate]]
    """Metric -> method -> mean."""
    times: Mapping[str, Aggregate]
    """Method -> median time in ms."""
    rankings: Mapping[str, Ranking]


def write_experiment(
    folder: Path,
    samples: Sequence[Samples],
    *,
    title: str,
    intro: str = "",
    facts: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
    metrics: Sequence[str] | None = None,
    forms: Sequence[str] = ("png",),
    sections: Sequence[Section] = (),
    confidence: float = 0.95,
    seed: int = 0,
) -> list[Path]:
    """Write ``report.html`` and, beside it, its tables and figures.

    Every mean comes with its interval; methods are ranked by each metric of which one direction is
    better, as far as the paired differences carry it.

    Parameters
    ----------
    folder
        Where; made if need be. With several groups each gets a folder of its own in it.
    samples
        One a scene and detector.
    title, intro, facts, notes
        As for `write_report`.
    metrics
        Which, in this order; default all that have a value, those first that readers ask for first
        (F1, EVM, SINR).
    forms
        Of the figures: ``"png"``, ``"svg"``, ``"pdf"``. Tables are .csv and .tex.
    sections
        Further parts of the report, at its end.
    confidence, seed
        Of the intervals.

    Returns
    -------
    list of Path
        What was written, the report last.

    Raises
    ------
    InputError
        For no samples, samples without any method, an unknown form.
    """
    if not samples or not all(group.values for group in samples):
        raise InputError("samples: there must be at least one group, and a method in each")
    unknown = [form for form in forms if form not in ("png", "svg", "pdf")]
    if unknown:
        raise InputError(f"forms: {unknown[0]!r} is not one of png, svg, pdf")
    chosen = _metrics(samples, metrics)
    judged = [_judge(group, chosen, confidence, seed) for group in samples]
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    parts = []
    few = len(judged) <= _FULL_GROUPS
    for number, group in enumerate(judged, start=1):
        place = folder
        if len(judged) > 1:
            place = folder / f"{number:02d}-{_slug(group.samples.name)}"
            place.mkdir(exist_ok=True)
        tables = _tables(group, chosen)
        figures = _figures(group, chosen, _PARETO_PANELS if few else 1)
        for name, table in {**tables, "differences": _difference_table(group)}.items():
            written += [save_table(table, place / f"{name}{suffix}") for suffix in (".csv", ".tex")]
        for name, (_, figure) in figures.items():
            written += [save_figure(figure, place / f"{name}.{form}") for form in forms]
        parts.append(_section(group, tables, figures, few=few))
    overview = _overview(judged, chosen) if len(judged) > 1 else []
    for table, name in zip(overview, ("overview", "overview_places"), strict=False):
        written += [save_table(table, folder / f"{name}{suffix}") for suffix in (".csv", ".tex")]
    beside = [] if few else ["All figures and tables of each group lie in its folder beside."]
    report = write_report(
        folder / "report.html",
        title=title,
        intro=intro,
        facts=facts,
        tables=overview,
        sections=[*parts, *sections],
        notes=[*_meanings(chosen), *_remarks(confidence), *beside, *notes],
    )
    return [*written, report]


def _metrics(samples: Sequence[Samples], wanted: Sequence[str] | None) -> list[str]:
    have: dict[str, None] = {}
    for group in samples:
        for known in group.values.values():
            have |= {k: None for k, v in known.items() if not np.isnan(v).all()}
    if wanted is None:
        return sorted(have, key=lambda m: _LEADING.index(m) if m in _LEADING else len(_LEADING))
    for metric in wanted:
        if metric not in have:
            raise InputError(f"metrics: {metric!r} has no value; there are {', '.join(have)}")
    return list(wanted)


def _judge(samples: Samples, metrics: Sequence[str], confidence: float, seed: int) -> _Judged:
    means, rankings = {}, {}
    for metric in metrics:
        values, better = samples.metric(metric), column(metric).better
        if better is None:
            means[metric] = {
                name: aggregate.mean(v, confidence=confidence, seed=seed)
                for name, v in values.items()
            }
            continue
        ranking = rank(values, higher_is_better=better == "higher", confidence=confidence,
                       seed=seed)  # fmt: skip
        rankings[metric] = ranking
        means[metric] = {place.method: place.mean for place in ranking.places}
    times = {
        name: aggregate.median(1e3 * np.asarray(s), confidence=confidence, seed=seed)
        for name, s in samples.seconds.items()
    }
    return _Judged(samples, means, times, rankings)


def _tables(group: _Judged, metrics: Sequence[str]) -> dict[str, Table]:
    tables = {"means": _mean_table(group, metrics)}
    if len(group.samples.values) > 1 and group.rankings:
        tables["places"] = _place_table(group)
    return tables


def _mean_table(group: _Judged, metrics: Sequence[str]) -> Table:
    samples = group.samples
    status = bool(samples.absent) or any(samples.errors.values())
    rows = []
    for method in [*samples.values, *(m for m in samples.absent if m not in samples.values)]:
        row: list[object] = [method, *([_status(samples, method)] if status else [])]
        row += [group.means[metric].get(method) for metric in metrics]
        if group.times:
            row.append(group.times.get(method))
        rows.append(row)
    times = ["time (ms/frame)"] if group.times else []
    return Table(
        f"Means over {samples.frames:,} frames with their intervals"
        + ("; of the time the median" if times else ""),
        ["method", *(["status"] if status else []), *map(heading, metrics), *times],
        rows,
    )


def _status(samples: Samples, method: str) -> Mark:
    failed = samples.errors.get(method, 0)
    if method in samples.absent:
        return Mark(samples.absent[method], "open")
    if failed:
        return Mark(f"failed on {failed:,}", "short")
    return Mark("all frames", "none")


def _place_table(group: _Judged) -> Table:
    places = {
        metric: {place.method: place for place in ranking.places}
        for metric, ranking in group.rankings.items()
    }
    order = [place.method for place in next(iter(group.rankings.values())).places]
    rows = [[m, *(place_text(known[m]) for known in places.values())] for m in order]
    return Table(
        "Places that the paired differences leave open, by metric",
        ["method", *map(axis_label, places)],
        rows,
    )


def _difference_table(group: _Judged) -> Table:
    rows = [
        [metric, d.first, d.second, d.value, d.low, d.high, d.frames, d.left_out, d.ahead]
        for metric, ranking in group.rankings.items()
        for d in ranking.differences
    ]
    heads = ["metric", "first", "second", "first less second", "low", "high", "frames", "left out",
             "ahead"]  # fmt: skip
    return Table(f"Paired differences, {group.samples.name}", heads, rows)


def _figures(group: _Judged, metrics: Sequence[str], panels: int) -> dict[str, tuple[str, Figure]]:
    """Return name -> (caption, figure)."""
    name = group.samples.name
    figures: dict[str, tuple[str, Figure]] = {}
    front = {metric: group.means[metric] for metric in list(group.rankings)[:panels]}
    if front and any(t.value > 0 for t in group.times.values()):
        seconds = {method: time.value / 1e3 for method, time in group.times.items()}
        figures["pareto"] = (
            f"{name}: quality against time. Methods that no other beats in both, by the means, are "
            "joined and named in bold; bars are the intervals of the means.",
            pareto_figure(front, seconds),
        )
    for metric, ranking in group.rankings.items():
        if len(ranking.places) > 1:
            figures[f"ranking_{_slug(metric)}"] = (
                f"{name}: methods by {column(metric).name}. Left the means with their intervals, "
                "right the places that the paired differences leave open.",
                ranking_figure(ranking, metric),
            )
    drawn = list(group.rankings) or metrics
    values = {metric: group.samples.metric(metric) for metric in drawn}
    if values:
        figures["ecdf"] = (
            f"{name}: share of the frames with at most a value. The axes span 99 % of the values.",
            ecdf_figure(values),
        )
        figures["boxes"] = (
            f"{name}: the middle half of the frames (box), median (line), mean (diamond), 5 to "
            "95 % (whiskers).",
            box_figure(values),
        )
    return figures


def _section(
    group: _Judged,
    tables: Mapping[str, Table],
    figures: Mapping[str, tuple[str, Figure]],
    *,
    few: bool,
) -> Section:
    leading = f"ranking_{_slug(next(iter(group.rankings), ''))}"
    kept = [f for name, f in figures.items() if few or name in ("pareto", leading)]
    return Section(title=group.samples.name, tables=list(tables.values()), figures=kept)


def _overview(judged: Sequence[_Judged], metrics: Sequence[str]) -> list[Table]:
    """Return the leading metric of every method in every group, and its places."""
    if not metrics:
        return []
    leading = metrics[0]
    methods = dict.fromkeys(m for g in judged for m in (*g.samples.values, *g.samples.absent))
    names = [group.samples.name for group in judged]
    rows = [[m, *(group.means[leading].get(m) for group in judged)] for m in methods]
    tables = [Table(f"Mean {axis_label(leading)} of every group", ["method", *names], rows)]
    if all(leading in group.rankings for group in judged):
        places = [
            {place.method: place_text(place) for place in group.rankings[leading].places}
            for group in judged
        ]
        rows = [[m, *(known.get(m) for known in places)] for m in methods]
        caption = f"Places by {column(leading).name} that the paired differences leave open"
        tables.append(Table(caption, ["method", *names], rows))
    return tables


def _meanings(metrics: Sequence[str]) -> list[str]:
    return [f"{column(m).name}: {column(m).meaning}" for m in metrics if column(m).meaning]


def _remarks(confidence: float) -> list[str]:
    share = f"{100 * confidence:g} %"
    return [
        f"Intervals of means and medians hold the true value with {share} (bootstrap over frames).",
        "Methods are ranked by their differences on the same frames. The intervals of all "
        f"differences of a metric hold at once with {share}; where such an interval holds 0, or "
        "two methods differ on too few frames, they are not told apart and share their places: "
        "“2–4” is any place from 2 to 4. All differences are in differences.csv.",
        f"Made by clearchirp {__version__}.",
    ]


def _slug(name: str) -> str:
    """Return a name as part of a file's name.

    >>> _slug("imfrac, detector combined")
    'imfrac-detector-combined'
    """
    return re.sub(r"[^a-z0-9_]+", "-", name.lower()).strip("-")[:60] or "group"
