"""How many flipped labels stand among the most suspicious: run as `python -m tests.simulations.label_errors`.

5% of the labels of three sets are flipped at random, ten times. The share of flipped ones among the top 5% ranked is
held against the baseline: the lowest probability of the given label, from the same model.
"""

import numpy as np
from tests.labeled_set.test_label_errors import searched
from tests.made_up import DATASETS

from promptceiling.labeled_set import data_file, read_labeled_set

DRAWS = 10


def main():
    for path in (data_file("support_tickets.csv"), DATASETS / "banking77_test.csv", DATASETS / "arbanking77_test.csv"):
        if not path.is_file():
            print(f"{path.stem} is not beside this checkout ({DATASETS}).")
            continue
        cases = read_labeled_set(path).cases
        shares = np.array([searched(cases, seed=seed) for seed in range(DRAWS)])
        error = 1.96 * (shares[:, 0] - shares[:, 1]).std(ddof=1) / DRAWS**0.5
        ours, baseline = shares.mean(axis=0)
        print(f"{path.stem}: {ours:.3f} against {baseline:.3f}, a difference of {ours - baseline:+.3f} +/- {error:.3f}")


if __name__ == "__main__":
    main()
