"""What shots do for the embedded model on Banking77: similar ones against as many drawn ones, and more drawn ones.

Run as `PYTHONPATH=. python tests/simulations/shots_banking.py [cases] [draws]`; needs the public sets.
Drawn shots are drawn anew several times, so that the interval holds the noise of the draw beside the cases'.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from dataclasses import replace

from tests.made_up import real_set

from promptceiling.labeled_set import split_labeled_set
from promptceiling.prompts import PromptVariant, fields_of
from promptceiling.runs import Endpoint, Workspace, completions, run_variants
from promptceiling.scores import delta_over_draws, variation_of

SHOTS = (1, 5, 10, 20, 50, 100)


def main() -> None:
    """Print a line a number of shots."""
    most, draws = (int(sys.argv[k]) if len(sys.argv) > k else default for k, default in ((1, 400), (2, 5)))
    labeled_set = split_labeled_set(real_set("banking77_train"))
    ids = labeled_set.split("validation")["id"].tolist()[:most]
    base = PromptVariant("v", fields_of(labeled_set), confidence=False, output="label")
    variants = {(0, "none", 0): replace(base, name="zero-shot")}
    for k in SHOTS:
        variants |= {(k, "fixed", d): replace(base, name=f"{k} drawn, {d}", shots=k, selection="fixed", seed=d)
                     for d in range(draws)}
        variants[k, "similar", 0] = replace(base, name=f"{k} similar", shots=k, selection="similar")
    with tempfile.TemporaryDirectory() as folder, Workspace(folder, durable=False) as workspace:
        asyncio.run(run_variants(workspace, labeled_set, list(variants.values()), Endpoint(), case_ids=ids))
        frame = completions(workspace, labeled_set)
    table = frame.pivot(index="case_id", columns="variant", values="predicted").loc[ids]
    expected = frame.drop_duplicates("case_id").set_index("case_id").loc[ids, "expected"].tolist()
    labels = labeled_set.labels()

    def said(k: int, how: str) -> list[list[str | None]]:
        return [table[v.name].tolist() for key, v in variants.items() if key[:2] == (k, how)]

    def told(what: object) -> str:
        return f"{what.mean.value:.3f} [{what.mean.low:.3f}, {what.mean.high:.3f}]"

    print(f"Banking77, {len(ids)} validation cases, 77 labels, weighted F1 of the embedded model; drawn shots: mean of "
          f"{draws} draws")
    print(f"no shots: {told(variation_of(expected, said(0, 'none'), labels))}")
    before = said(0, "none")
    for k in SHOTS:
        drawn, near = said(k, "fixed"), said(k, "similar")
        one, gain = variation_of(expected, drawn, labels), delta_over_draws(expected, before, drawn, labels)
        print(f"{k:3} shots: drawn {told(one)} (spread over draws {one.spread:.3f}, {told(gain)} on the line above); "
              f"similar {told(variation_of(expected, near, labels))}; similar minus drawn "
              f"{told(delta_over_draws(expected, drawn, near, labels))}", flush=True)
        before = drawn


if __name__ == "__main__":
    main()
