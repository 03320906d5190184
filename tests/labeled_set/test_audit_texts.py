import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from tests.made_up import made_cases, made_set, real_set

from promptceiling.labeled_set import audit, read_labeled_set, reliability, split_labeled_set
from promptceiling.labeled_set.finding import quoted, rate, wilson
from promptceiling.labeled_set.language import language_of
from promptceiling.labeled_set.near_duplicates import normalised
from promptceiling.labeled_set.sensitive import _PATTERNS, kinds_in, masked


def found(cases, code):
    return next((f for f in audit(made_set(cases)) if f.code == code), None)


@pytest.mark.parametrize(("k", "n"), [(0, 10), (1, 10), (35, 50), (10, 10), (3, 1328)])
def test_interval_of_a_rate_is_wilsons(k, n):
    """Rates carry SciPy's Wilson interval."""
    low, high = binomtest(k, n).proportion_ci(method="wilson")

    assert wilson(k, n) == pytest.approx((low, high), abs=1e-12)
    assert rate(k, n).startswith(f"{k:,} of {n:,} ({k / n:.1%} [{low:.1%}, {high:.1%}])")


SECRETS = [
    ("API key or token", "sk-proj-" + "a1B2" * 6), ("API key or token", "AKIA" + "ABCD1234EFGH5678"),
    ("API key or token", "ghp_" + "x1" * 18), ("password or secret", "password: hunter2!"),
    ("password or secret", "https://anna:pa55word@db.example.com"), ("e-mail address", "anna.b+c@mail.example.org"),
    ("card number", "4111 1111 1111 1111"), ("IBAN", "DE89 3704 0044 0532 0130 00"),
    ("phone number", "+49 30 1234567"), ("phone number", "(555) 123-4567"), ("IP address", "192.168.10.7"),
    ("social security number", "123-45-6789"),
    ("private key", "-----BEGIN RSA PRIVATE KEY-----\nMIIEabc\n-----END RSA PRIVATE KEY-----"),
]


@pytest.mark.parametrize(("kind", "secret"), SECRETS)
def test_secret_is_found_and_never_shown(kind, secret):
    """A text with a secret is listed by row, and no finding repeats what was found."""
    cases = made_cases(60)
    cases[7]["input"] = f"{cases[7]['input']} see {secret}, thanks"
    cases[8]["input"], cases[8]["expected_category"] = cases[7]["input"], "export"

    findings = audit(made_set(cases))

    assert kind in kinds_in(cases[7]["input"])
    assert next(f for f in findings if f.code == "sensitive").rows == (8, 9)
    assert not any(secret in text for f in findings for text in (f.message, *f.examples))


@settings(deadline=None, max_examples=60)
@given(data=st.data(), number=st.integers(0, len(_PATTERNS) - 1))
def test_quick_look_lets_every_find_through(data, number):
    """A text is passed over only where the pattern cannot match, whatever letters Python takes as the same."""
    _, needs, pattern, check = _PATTERNS[number]
    text = data.draw(st.from_regex(pattern))

    assert needs(text) or not any(check is None or check(m.group()) for m in pattern.finditer(text))


def test_labels_in_texts_are_counted_as_by_looking_for_each():
    """Another label's words are counted as by looking for every label in every text."""
    cases = made_cases(60)
    for k, case in enumerate(cases):
        case["expected_category"] = ["my card", "card", "new card", "card_new", "the invoice", "export"][k % 6]
        case["input"] += f" {['my new card', 'card new', 'the invoice, my card!', ''][k % 4]}"
    told = found(cases, "label_in_text").message

    words = {"my card", "card", "new card", "card new", "the invoice", "export"}
    own = [case["expected_category"].replace("_", " ") for case in cases]
    plain = [f" {normalised(case['input'])} " for case in cases]
    others = sum(f" {word} " in text for text, label in zip(plain, own, strict=True) for word in words - {label})
    assert f"stand in {others} of 300 pairs" in told
    assert told.startswith(f"{sum(f' {label} ' in text for text, label in zip(plain, own, strict=True))} of 60")


@pytest.mark.parametrize("text", [
    "order 4111 1111 1111 1112 is late", "2026-11-23 10:15:00", "version 1.2.3", "reset my password please",
    "invoice TP-2025-08817 of 29 August", "ratio 3.14159265358979", "IT12 is a room", "the secret is simple"])
def test_harmless_text_is_left_alone(text):
    """Dates, versions, ticket numbers and a card number with a wrong check digit are not masked."""
    assert masked(text) == text


def test_masking_twice_changes_nothing():
    """What stands in for a secret is no secret."""
    once = masked(" and ".join(secret for _, secret in SECRETS))

    assert masked(once) == once
    assert len(quoted("x" * 1000)) < 200


@pytest.mark.parametrize(("text", "language"), [
    ("How do I reset my password?", "English"),
    ("Wie kann ich das Passwort zurücksetzen und wo ist der Knopf", "German"),
    ("Je ne peux pas me connecter dans le portail", "French"), ("كيف يمكنني تحديد موقع بطاقتي؟", "Arabic script"),
    ("请退款", "Chinese or Japanese"), ("ありがとうございます", "Japanese"), ("Не могу войти", "Cyrillic script"),
    ("404", "other"), ("", "other")])
def test_language_is_told_roughly(text, language):
    """Scripts by letters, Latin languages by short words, and "other" where nothing stands out."""
    assert language_of(text) == language


def test_stated_label_blocks():
    """Texts that say "category: billing" give the answer away."""
    cases = made_cases(60)
    for k in range(0, 60, 6):
        cases[k]["input"] += f" Category: {cases[k]['expected_category'].upper()}"

    stated = found(cases, "stated_label")
    assert (stated.severity, stated.rows) == ("blocks", tuple(range(1, 61, 6)))


def test_label_words_in_most_texts_weaken():
    """Where most texts hold their own label's words and no other's, the label is given away."""
    cases = made_cases(60)
    for case in cases[:40]:
        case["input"] += f" about {case['expected_category']} now"

    assert found(cases, "label_in_text").severity == "weakens"
    assert found(made_cases(60), "label_in_text").severity == "fine"


def test_template_made_set_has_a_small_effective_size():
    """200 cases from four frames with a name and a number in each count for about four."""
    frames = {"billing": ["dear team the invoice of {} shows a wrong sum of {} euros please send a new one",
                          "we were charged twice in {} and want the {} euros back on our card today"],
              "access": ["since the update in {} i can not sign in with my token {} any more please help",
                         "the password of {} was locked after {} tries and nobody here can unlock the account"]}
    cases = [{"id": f"t{k}", "input": made[k // 2 % 2].format(f"name{k}x", k * 37), "expected_category": label}
             for k in range(200) for label, made in [list(frames.items())[k % 2]]]

    templates = found(cases, "templates")

    assert "200 of 200" in templates.message
    assert "from about 4 templates; the effective size is about 4 of 200" in templates.message
    assert found(made_cases(200), "templates") is None


def test_real_tickets_are_not_called_templates():
    """A set that people wrote, however alike its short questions, is not mostly templates."""
    assert "templates" not in [f.code for f in audit(real_set("askubuntu_test"))]


def with_split(cases, splits):
    return [case | {"split": s} for case, s in zip(cases, splits, strict=True)]


def test_leaks_between_given_splits_are_counted_by_kind():
    """Of three test cases that stand in train, one is exact, one the same to a reader, one near."""
    cases = with_split(made_cases(90), ["train", "train", "test"] * 30)
    cases[2]["input"] = cases[0]["input"]
    cases[5]["input"] = cases[1]["input"].upper() + " ?!"
    cases[8]["input"] = cases[3]["input"] + "s"

    leak = found(cases, "leakage_train_test")

    assert (leak.severity, leak.rows) == ("blocks", (3, 6, 9))
    assert "3 of 30" in leak.message
    assert "1 exactly, 2 after case, space and punctuation are set aside" in leak.message


def test_leaks_and_the_ceiling_are_values():
    """What no verdict may pass over is there as numbers with their interval and n, under stable names, worst first."""
    cases = [c | {"second_category": c["expected_category"]}
             for c in with_split(made_cases(90), ["train", "test"] * 45)]
    for k in (1, 3, 5):
        cases[k]["input"] = cases[k - 1]["input"]
    cases[7]["second_category"] = "other"

    findings = {f.code: f for f in reliability(made_set(cases))}
    leak, ceiling = findings["leakage_train_test"], findings["score_ceiling"].figure("ceiling")

    assert next(iter(findings)) == "leakage_train_test"
    assert leak.severity == "blocks"
    assert [(leak.figure(name).count, leak.figure(name).n) for name in ("near", "exact", "other_label")] == [
        (3, 45), (3, 45), (3, 45)]
    assert (leak.figure("near").low, leak.figure("near").high) == wilson(3, 45)
    assert ceiling.value == pytest.approx((89 / 90) ** 0.5)
    assert ceiling.low < ceiling.value < ceiling.high
    assert findings["agreement"].figure("kappa").n == 90
    assert findings["label_errors"].figure("ceiling").n == 90
    with pytest.raises(KeyError):
        leak.figure("kappa")


def test_parted_group_is_a_finding():
    """A customer on both sides of a given split is told and not refused."""
    cases = with_split(made_cases(40), ["train", "test"] * 20)
    cases = [case | {"group": f"g{k // 2}"} for k, case in enumerate(cases)]

    parted = next(f for f in audit(split_labeled_set(made_set(cases))) if f.code == "parted_groups")
    assert parted.message.startswith("20 groups stand in more than one split")


def test_class_missing_from_a_given_split_is_a_finding():
    """A class that stands in train alone is named."""
    cases = with_split(made_cases(60), ["train", "test"] * 30)
    for case in cases:
        case["split"] = "train" if case["expected_category"] == "billing" else case["split"]

    assert "'billing' is not in test" in found(cases, "missing_from_split").message


def test_own_split_leaks_nothing():
    """A set that was split here has no leak between its splits."""
    labeled_set = split_labeled_set(real_set("askubuntu_test"))

    assert not [f for f in audit(labeled_set) if f.code.startswith("leakage")]


def test_banking77_leaks_are_found():
    """The published split of Banking77 has 25 test questions that train holds but for case, space and punctuation.

    Near-twins are those with a cosine of 0.9 or more; the manifest beside the set counts 429 and 24 by a like rule.
    """
    parts = {s: real_set(f"banking77_{s}").cases.assign(split=s) for s in ("train", "test")}
    cases = pd.concat(parts.values(), ignore_index=True).assign(row=lambda f: range(1, len(f) + 1))
    cases["id"] = cases["row"].astype(str)
    from promptceiling.labeled_set.near_duplicates import near_duplicates
    from promptceiling.labeled_set.repeats import leakage

    [leak] = leakage(cases, near_duplicates(cases["input"].tolist()))

    assert "0 exactly, 25 after case, space and punctuation" in leak.message
    assert 400 <= len(leak.rows) <= 500


def test_none_stays_a_class():
    """AskUbuntu's class "None" is a class like any other."""
    assert "None" in real_set("askubuntu_train").labels()


def test_every_finding_says_why():
    """What, why and, where something is to be done, what."""
    for finding in audit(made_set(made_cases(60))):
        assert finding.message.endswith(".")
        assert finding.why
        assert finding.remedy or finding.severity == "fine"


def test_contradicting_texts_bound_the_accuracy(tmp_path):
    """One text of six with two labels leaves at most 5 of 6 right."""
    path = tmp_path / "t.csv"
    path.write_text("input,label\na a,x\nA A!,y\nb,x\nc,y\nd,x\ne,y\n")

    conflict = next(f for f in audit(read_labeled_set(path)) if f.code == "conflicting_labels")
    assert "an accuracy of 0.8333" in conflict.why
    assert conflict.rows == (1, 2)
