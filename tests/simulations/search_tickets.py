"""How good the pick of a search is: on ten splits of the support tickets, against the best of the whole grid.

Run as `PYTHONPATH=. python tests/simulations/search_tickets.py`. The embedded model answers; the whole grid is asked
first, so that the pick can be held against it, and the search then finds its answers in the store, which its budget
counts as if they were asked. Takes some minutes.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile

from promptceiling.labeled_set import data_file, read_labeled_set, split_labeled_set
from promptceiling.prompts import fields_of, standard_variants
from promptceiling.results import compare, leaderboard
from promptceiling.runs import Endpoint, Workspace, run_variants
from promptceiling.scores import wilson
from promptceiling.search import SearchSpace, search_prompts

SEEDS = range(10)


def one(seed: int, shots: tuple[int, ...] = (0, 5, 20)) -> tuple[bool, bool, float, float, float]:
    """Whether the pick is tied with the grid's best (Holm over all pairs), whether the pair's own interval holds 0, its
    delta, the share of the grid's calls, and the grid's worst delta."""
    labeled_set = split_labeled_set(read_labeled_set(data_file("support_tickets.csv")), seed=seed)
    space = SearchSpace(standard_variants(labeled_set)[0], shots=shots, outputs=("json_schema", "label"))
    assert space.base.fields == fields_of(labeled_set)
    grid = space.variants()
    with tempfile.TemporaryDirectory() as folder, Workspace(folder, durable=False) as workspace:
        asyncio.run(run_variants(workspace, labeled_set, grid, Endpoint()))
        board = leaderboard(workspace)
        whole = len(grid) * len(labeled_set.split("validation"))
        found = asyncio.run(search_prompts(
            workspace, labeled_set, space, Endpoint(), budget_calls=whole // 3, seed=seed))
        name = found.best.name
        if name not in {standing.name for standing in board.standings}:
            board = leaderboard(workspace)  # hard shots that joined in the search are held against the grid too
        tied = {s.name: s.tied for s in board.standings}[name]
        best = next(s.name for s in board.standings if s.name in {v.name for v in grid})
        delta = compare(best, name, workspace).delta_f1_weighted
    worst = min(s.delta_to_best.value for s in board.standings)
    print(f"seed {seed}: {name}, {delta.value:+.3f} [{delta.low:+.3f}, {delta.high:+.3f}] to {best}; "
          f"{found.calls:,} of {whole:,} calls; the grid's worst is {worst:+.3f}", flush=True)
    return tied, delta.high >= 0, delta.value, found.calls / whole, worst


def main() -> None:
    """Print the shares over the seeds, with intervals."""
    seeds = range(int(sys.argv[1])) if len(sys.argv) > 1 else SEEDS
    rows = [one(seed) for seed in seeds]
    for what, column in (("tied with the best (Holm)", 0), ("its own interval holds 0 or more", 1)):
        share = wilson(sum(row[column] for row in rows), len(rows))
        print(f"{what}: {share.value:.0%} [{share.low:.0%}, {share.high:.0%}] of {share.n} seeds")
    print(f"delta to the grid's best {min(r[2] for r in rows):+.3f} to {max(r[2] for r in rows):+.3f}; calls "
          f"{min(r[3] for r in rows):.0%} to {max(r[3] for r in rows):.0%} of the grid's; the grid's worst variant "
          f"{min(r[4] for r in rows):+.3f} to {max(r[4] for r in rows):+.3f}")


if __name__ == "__main__":
    main()
