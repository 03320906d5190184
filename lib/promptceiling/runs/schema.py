"""The tables of a workspace, the same in SQLite and in PostgreSQL. JSON is kept as ASCII text; nothing is pickled."""

from __future__ import annotations

from sqlalchemy import Column, Float, Integer, MetaData, PrimaryKeyConstraint, Table, Text

VERSION = 4  # a change needs a step in migrations.py
metadata = MetaData()

meta = Table("meta", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))

labeled_sets = Table(
    "labeled_sets", metadata,
    Column("set_key", Text, primary_key=True),
    Column("content_hash", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("columns", Text, nullable=False),  # JSON list, in order
    Column("notices", Text, nullable=False),  # JSON list of [code, message, rows]
    Column("saved_at", Text, nullable=False),
)

cases = Table(
    "cases", metadata,
    Column("set_key", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("case_id", Text, nullable=False),
    Column("record", Text, nullable=False),  # JSON object of every column
    PrimaryKeyConstraint("set_key", "position"),
)

variants = Table(
    "variants", metadata,
    Column("fingerprint", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("body", Text, nullable=False),  # JSON of the frozen dataclass
    PrimaryKeyConstraint("fingerprint", "name"),
)

runs = Table(
    "runs", metadata,
    Column("run_id", Text, primary_key=True),
    Column("set_key", Text, nullable=False),
    Column("split", Text, nullable=False),
    Column("base_url", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("started_at", Text, nullable=False),
    Column("finished_at", Text),
    Column("state", Text, nullable=False),  # running, done, incomplete, cancelled
)

items = Table(
    "items", metadata,
    Column("run_id", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("variant", Text, nullable=False),
    Column("case_id", Text, nullable=False),
    Column("repeat", Integer, nullable=False),
    Column("position", Integer, nullable=False),  # in the order in which the run was given its variants and cases
    Column("request_key", Text, nullable=False, index=True),
    PrimaryKeyConstraint("run_id", "fingerprint", "variant", "case_id", "repeat"),
)

answers = Table(
    "answers", metadata,
    Column("request_key", Text, primary_key=True),
    Column("text", Text, nullable=False),  # JSON string: ASCII, so that a lone surrogate survives
    Column("model", Text, nullable=False),
    Column("finish_reason", Text),
    Column("refusal", Text),
    Column("input_tokens", Integer),
    Column("cached_tokens", Integer),
    Column("output_tokens", Integer),
    Column("reasoning_tokens", Integer),
    Column("latency_s", Float, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error_kind", Text),
    Column("error", Text),
    Column("received_at", Text, nullable=False),
    Column("cache_write_tokens", Integer),
    Column("tier", Text),
)

sends = Table(
    "sends", metadata,
    Column("send_id", Text, primary_key=True),  # run id and number
    Column("run_id", Text, nullable=False, index=True),
    Column("request_key", Text, nullable=False),
    Column("sent_at", Text, nullable=False),
    Column("cost_usd", Float),  # what was set aside before the send, then what it cost; none for an unknown price
    Column("outcome", Text),  # "answered" or the kind of failure; none until something is heard
)

models = Table(
    "models", metadata,  # what an endpoint listed when it was last asked
    Column("base_url", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("shutdown_date", Text),  # YYYY-MM-DD; none where the endpoint says none
    Column("seen_at", Text, nullable=False),
    PrimaryKeyConstraint("base_url", "model"),
)

probes = Table(
    "probes", metadata,
    Column("probe_id", Integer, primary_key=True, autoincrement=True),
    Column("base_url", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("probed_at", Text, nullable=False),
    Column("findings", Text, nullable=False),  # JSON list of [feature, answer, how it was seen]
)

latencies = Table(
    "latencies", metadata,
    Column("latency_id", Integer, primary_key=True, autoincrement=True),
    Column("set_key", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("base_url", Text, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("measured_at", Text, nullable=False),
)

openings = Table(
    "openings", metadata,
    Column("opening_id", Integer, primary_key=True, autoincrement=True),
    Column("set_key", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("variant", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("opened_at", Text, nullable=False),
)

jobs = Table(
    "jobs", metadata,
    Column("job_id", Text, primary_key=True),
    Column("set_key", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("base_url", Text, nullable=False),
    Column("base_model", Text, nullable=False),
    Column("fine_tuned_model", Text),
    Column("status", Text, nullable=False),
    Column("seed", Integer),
    Column("examples", Integer, nullable=False),
    Column("trained_tokens", Integer),
    Column("losses", Text, nullable=False),  # JSON list of [step, training loss]
    Column("created_at", Text, nullable=False),
    Column("finished_at", Text),
    Column("details", Text),  # JSON object: epochs, files and their hashes, validation losses, the server's reason
)

curve_draws = Table(
    "curve_draws", metadata,
    Column("set_key", Text, nullable=False),
    Column("model", Text, nullable=False),  # what was trained
    Column("split", Text, nullable=False),  # that was predicted
    Column("labels", Integer, nullable=False),  # how many train cases were drawn
    Column("draw", Integer, nullable=False),
    Column("predicted", Text, nullable=False),  # JSON list: places among the set's labels, in the order of the cases
    PrimaryKeyConstraint("set_key", "model", "split", "labels", "draw"),
)

production = Table(
    "production", metadata,
    Column("set_key", Text, primary_key=True),
    Column("labeled_scores", Text, nullable=False),  # JSON list of what the two-sample test's classifier said
    Column("production_scores", Text, nullable=False),  # JSON object: scores, and what chance does to the AUC
    Column("compared_at", Text, nullable=False),
)
