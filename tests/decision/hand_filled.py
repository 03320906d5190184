"""Workspaces filled by hand: answers that say what a test wants said, as a run would have kept them."""

import hashlib
import json

from tests.made_up import made_cases, made_set

from promptceiling.labeled_set import split_labeled_set
from promptceiling.prompts import PromptVariant, fields_of
from promptceiling.runs.answer import Answer

URL = "http://127.0.0.1:1/v1"


def split_set(n=400, *, splits=("validation",), cases=None):
    """A set of `n` made cases, or of these, that go by turns of three into the splits."""
    cases = made_cases(n) if cases is None else cases
    return split_labeled_set(made_set([{"split": splits[k // 3 % len(splits)]} | c for k, c in enumerate(cases)]))


def answered(workspace, labeled_set, name, *, wrong=0, split="validation", model="m", url=URL, kind="shots", repeats=1,
             ids=None, says=None, instructions=None):
    """A run whose first `wrong` cases are answered with the next label, or which `says` a label for (id, expected).

    `ids` are the cases that are asked, by default all of the split. Returns the variant.
    """
    labels, cases = labeled_set.labels(), labeled_set.split(split)
    variant = PromptVariant(name, fields_of(labeled_set), instructions=instructions or name, kind=kind, output="json")
    workspace.save_variants([variant])
    asked = [(case, label) for case, label in zip(cases["id"], cases["expected_category"], strict=True)
             if ids is None or case in ids]
    items, answers = [], []
    for k, (case, label) in enumerate(asked):
        said = says(case, label) if says else labels[(labels.index(label) + (k < wrong)) % len(labels)]
        for repeat in range(repeats):
            body = json.dumps([url, model, variant.fingerprint, name, case, repeat])
            items.append((variant, case, repeat, hashlib.sha256(body.encode()).hexdigest()))
            answers.append(Answer(json.dumps({"category": said}), model, "stop", input_tokens=800, cached_tokens=0,
                                  output_tokens=50))
    run_id = workspace.start_run(workspace.save_set(labeled_set), split, url, model, items)
    workspace.save_answers((item[3], answer) for item, answer in zip(items, answers, strict=True))
    workspace.finish_run(run_id, "done")
    return variant
