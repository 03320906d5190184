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
from promptceiling.scores import Variation, delta_over_draws, variation_of

SHOTS = (1, 5, 20, 50, 100)
DRAWN = ("fixed", "stratified")


def main() -> None:
    """Print a line a number of shots and a way to draw them, and the gain over none, with intervals."""
    most, draws = (int(sys.argv[k]) if len(sys.argv) > k else default for k, default in ((1, 400), (2, 8)))
    labeled_set = split_labeled_set(real_set("banking77_train"))
    ids = labeled_set.split("validation")["id"].tolist()[:most]
    base = PromptVariant("zero-shot", fields_of(labeled_set), confidence=False, output="label")
    variants = {(0, "none"): [base]}
    for k in SHOTS:
        for how in DRAWN:
            variants[k, how] = [replace(base, name=f"{k} {how}, {d}", shots=k, selection=how, seed=d)
                                for d in range(draws)]
        variants[k, "similar"] = [replace(base, name=f"{k} similar", shots=k, selection="similar")]
    with tempfile.TemporaryDirectory() as folder, Workspace(folder, durable=False) as workspace:
        asyncio.run(run_variants(
            workspace, labeled_set, [v for some in variants.values() for v in some], Endpoint(), case_ids=ids))
        frame = completions(workspace, labeled_set)
    table = frame.pivot(index="case_id", columns="variant", values="predicted").loc[ids]
    expected = frame.drop_duplicates("case_id").set_index("case_id").loc[ids, "expected"].tolist()
    said = {key: [table[v.name].tolist() for v in some] for key, some in variants.items()}
    labels = labeled_set.labels()

    def told(what: Variation) -> str:
        return f"{what.mean.value:.3f} [{what.mean.low:.3f}, {what.mean.high:.3f}]"

    none = said[0, "none"]
    print(f"Banking77, {len(ids)} validation cases, 77 labels, weighted F1 of the embedded model; drawn shots: mean of "
          f"{draws} draws; no shots: {told(variation_of(expected, none, labels))}")
    for k in SHOTS:
        near = said[k, "similar"]
        print(f"{k:3} similar {told(variation_of(expected, near, labels))}, "
              f"{told(delta_over_draws(expected, none, near, labels))} over none")
        for how in DRAWN:
            own = variation_of(expected, said[k, how], labels)
            print(f"{k:3} {how} {told(own)}, spread over draws {own.spread.value:.3f}, "
                  f"{told(delta_over_draws(expected, none, said[k, how], labels))} over none; similar is ahead by "
                  f"{told(delta_over_draws(expected, said[k, how], near, labels))}", flush=True)


if __name__ == "__main__":
    main()
