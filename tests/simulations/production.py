"""How often two samples of one source are called what: run as `python -m tests.simulations.production`.

Texts of Banking77 are drawn without replacement and parted at random into a labeled set and a production sample,
so that the two have one distribution and the true AUC is 0.5. Then a share of the production side is replaced by texts
of classes that the labeled side lacks.
"""

import numpy as np
from tests.made_up import made_set, real_set

from promptceiling.labeled_set import compare_with_production

DRAWS = 60


def compared(cases, n, new, rng):
    """One comparison of n labeled and n production texts, of which a share `new` is of ten classes never labeled."""
    kept = cases["expected_category"].isin(sorted(cases["expected_category"].unique())[10:])
    old = cases[kept].sample(2 * n, random_state=int(rng.integers(2**31)))
    k = round(new * n)
    others = cases[~kept].sample(k, random_state=int(rng.integers(2**31)))["input"].tolist()
    labeled = made_set(old.iloc[:n].drop(columns="row").to_dict("records"))
    return compare_with_production(labeled, [*old["input"].iloc[n : 2 * n - k], *others])


def main():
    cases = real_set("banking77_train").cases
    for n, new in ((30, 0), (100, 0), (200, 0), (300, 0), (1000, 0), (100, 0.3), (200, 0.2), (200, 0.6),
                   (200, 1), (300, 0.3), (300, 0.6)):
        rng = np.random.default_rng(0)
        found = [compared(cases, n, new, rng) for _ in range(DRAWS)]
        verdicts = [f.verdict for f in found]
        half = np.mean([f.low <= 0.5 <= f.high for f in found])
        auc = np.mean([f.auc for f in found])
        print(f"n = {n} each, {new:.0%} new: AUC {auc:.3f}, interval holds 0.5 in {half:.0%}; "
              + ", ".join(f"{v} {verdicts.count(v) / DRAWS:.0%}"
                          for v in ("representative", "undecidable", "not representative")), flush=True)


if __name__ == "__main__":
    main()
