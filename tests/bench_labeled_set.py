"""How long reading, the near-duplicate search and the audit take; run as `python tests/bench_labeled_set.py`."""

import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from promptceiling.labeled_set import audit, data_file, near_duplicate_pairs, read_labeled_set, split_labeled_set

DATASETS = Path(__file__).parents[1] / "../shared/datasets"
ROWS = 200_000


def timed(what, work):
    """Print wall and processor seconds of `work`, and give back its result."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    print(f"{what}: {time.perf_counter() - wall:.2f} s, processor {time.process_time() - cpu:.2f} s")
    return result


def every_pair(texts, threshold=0.9):
    """The number of near-duplicate pairs by multiplying all vectors with all."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), dtype=np.float32).fit_transform(texts)
    found = 0
    for start in range(0, len(texts), 500):
        block = (vectors[start : start + 500] @ vectors.T).tocoo()
        found += int(((block.data >= threshold) & (block.row + start < block.col)).sum())
    return found


def main():
    rng = np.random.default_rng(0)
    words = np.array([f"word{k}" for k in range(5_000)])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.csv"
        with path.open("w", encoding="utf-8") as file:
            file.write("text,label\n")
            for k in range(ROWS):
                file.write(f"{' '.join(rng.choice(words, 25))},class {k % 20}\n")
        timed(f"reading {ROWS:,} rows of CSV", lambda: read_labeled_set(path))
        texts = read_labeled_set(path).cases["input"].tolist()
    for n in (20_000, ROWS):
        timed(f"near-duplicates of {n:,} texts of 25 random words", lambda n=n: near_duplicate_pairs(texts[:n]))
    print(f"peak memory so far: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
    tickets = read_labeled_set(data_file("support_tickets.csv"))
    split = timed("splitting 1,328 tickets", lambda: split_labeled_set(tickets))
    timed("auditing 1,328 tickets", lambda: audit(split))
    if not (DATASETS / "banking77_train.csv").is_file():
        print(f"Banking77 is not beside this checkout ({DATASETS}); its near-duplicates are not searched.")
        return
    texts = read_labeled_set(DATASETS / "banking77_train.csv").cases["input"].tolist()[:10_000]
    pairs = timed("near-duplicates of 10,000 short texts", lambda: near_duplicate_pairs(texts))
    plain = timed("the same by comparing every pair", lambda: every_pair(texts))
    print(f"pairs: {len(pairs)}, by comparing every pair (without setting punctuation aside): {plain}")


if __name__ == "__main__":
    main()
