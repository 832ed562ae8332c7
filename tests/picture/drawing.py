"""
Draws the panels of the board from series that a Prometheus answered.

    python -m tests.picture.drawing board.png < panels.json

Reads a list of `{"title", "type", "unit", "series": [{"name", "points": [[s, value]]}]}`,
seconds since the beginning. matplotlib is not in the development environment: its folder
is put on PYTHONPATH by whoever calls this.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt

COLUMNS = 3
SHADE = "#f4f5f5"
UNITS = {"reqps": "req/s", "ops": "1/s", "s": "s", "bytes": "MB", "none": ""}
Panel = dict[str, Any]


def draw(panels: list[Panel], target: str) -> None:
    """Write the picture of all *panels* to *target*."""
    mpl.use("Agg")
    mpl.rcParams.update({"font.size": 8, "axes.titlesize": 9, "axes.titleweight": "bold"})
    mpl.rcParams["axes.prop_cycle"] = mpl.cycler(color=mpl.colormaps["tab20"].colors)
    rows = -(-len(panels) // COLUMNS)
    figure, places = plt.subplots(rows, COLUMNS, figsize=(15, 2.4 * rows), facecolor=SHADE)
    for place, panel in zip(places.flat, panels, strict=False):
        _draw_panel(place, panel)
    for place in places.flat[len(panels) :]:
        place.set_axis_off()
    figure.tight_layout()
    figure.savefig(target, dpi=90)


def _draw_panel(place: Any, panel: Panel) -> None:
    place.set_title(panel["title"], loc="left")
    if panel["type"] == "stat":
        points = panel["series"][0]["points"]
        place.text(0.5, 0.5, f"{points[-1][1]:g}", fontsize=34, ha="center", va="center")
        place.set_xticks([])
        place.set_yticks([])
        return
    scale = 2**20 if panel["unit"] == "bytes" else 1
    for series in panel["series"]:
        seconds, values = zip(*series["points"], strict=True)
        place.plot(seconds, [each / scale for each in values], label=series["name"], linewidth=1.2)
    place.set_ylim(0, place.get_ylim()[1] * 1.05)
    place.set_ylabel(UNITS[panel["unit"]])
    place.set_xlabel("s")
    place.grid(color="#dddddd", linewidth=0.5)
    place.legend(fontsize=6, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)


if __name__ == "__main__":
    draw(json.load(sys.stdin), sys.argv[1])
