"""The tables of a store, the same in every database, and the version that says so."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

VERSION = 5  # raise it with every change of a table; a store of another version is refused

metadata = MetaData()

store_version = Table("ecgbench_store", metadata, Column("version", Integer, primary_key=True, autoincrement=False))

runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("started_at", String(40), nullable=False),  # ISO 8601 in UTC
    Column("finished_at", String(40)),
    Column("state", String(12), nullable=False),
    Column("plan", Text, nullable=False),  # JSON
    Column("environment", Text, nullable=False),  # JSON
)

variants = Table(
    "variants",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", BigInteger, nullable=False, unique=True),  # hash of Variant.key
    Column("method", Text, nullable=False),
    Column("task", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("source_hash", Text, nullable=False),
    Column("params", Text, nullable=False),  # JSON
    Column("origin", Text, nullable=False),
)

# `identity` tells whether two runs saw the same picture; `unit` is what intervals
# resample: the number of the record, of the case itself where its record is not known. See ecgbench.store.identity.
# Cases are looked up by name and identity: names come in order, so that new ones lie together in the index. An index of identities,
# which are as good as random, would have each new case write a page of its own.
cases = Table(
    "cases",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("identity", BigInteger, nullable=False),
    Column("unit", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("content_id", Text),
    Column("record", Text),
    Column("type", Text),
    Column("layout", Text),
    Column("grid_color", Text),
    Column("dpi", Double),
    Column("severity", Double),
    UniqueConstraint("name", "identity"),
)

metrics = Table(
    "metrics",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("unit", Text, nullable=False),
    Column("direction", String(6), nullable=False),
    Column("doc", Text, nullable=False),
    Column("combined", Boolean, nullable=False),  # whether the metric adds up cases by a function of its own, which is not kept
    Column("least", Double),  # that it can be; NULL where it has no end
    Column("most", Double),
    Column("task", Text, nullable=False),  # of the variants that gave it first; empty for what every task has, and until then
)

# What variants a run has, and how many outcomes of each were ever written (an outcome that replaces another counts again):
# as long as that number stands, so does what was computed from them.
run_variants = Table(
    "run_variants",
    metadata,
    Column("run_id", Integer, primary_key=True, autoincrement=False),
    Column("variant_id", Integer, primary_key=True, autoincrement=False),
    Column("written", BigInteger, nullable=False),
)

SECONDS_BYTES = 8  # of each repeat, in the columns of seconds

outcomes = Table(
    "outcomes",
    metadata,
    Column("run_id", Integer, primary_key=True, autoincrement=False),
    Column("variant_id", Integer, primary_key=True, autoincrement=False),
    Column("case_id", Integer, primary_key=True, autoincrement=False),
    Column("status", String(12), nullable=False),
    Column("seconds", LargeBinary, nullable=False),  # little-endian float64, one a repeat
    Column("cpu_seconds", LargeBinary, nullable=False),
    Column("convert_seconds", Double, nullable=False),
    Column("load_seconds", Double, nullable=False),
    Column("peak_memory_bytes", BigInteger),
    Column("disturbed", Boolean, nullable=False),
    Column(
        "metrics_hash", String(12), nullable=False
    ),  # of the metrics, and their versions, that judged it; empty where none did
    Column("error", Text),
    Column("traceback", Text),
    sqlite_with_rowid=False,
)

NOT_DONE = text("status <> 'done'")
# Of what is not done only. The status stands before the variant, or SQLite takes the table's own key for as good and reads all of it.
# PostgreSQL is told of the condition when it is used (ecgbench.store.database): to name it here loads all of its dialect.
failures = Index(
    "failures", outcomes.c.run_id, outcomes.c.status, outcomes.c.variant_id, outcomes.c.case_id, sqlite_where=NOT_DONE
)

# One metric of one variant of one run: a score names all three by one number, since most of what a database does for a row it does
# for each of its values.
score_columns = Table(
    "score_columns",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run_id", Integer, nullable=False),
    Column("variant_id", Integer, nullable=False),
    Column("metric_id", SmallInteger, nullable=False),
    UniqueConstraint("run_id", "variant_id", "metric_id"),
)

# Clustered so that one column lies together, in the order of cases: means and joins read nothing else.
scores = Table(
    "scores",
    metadata,
    Column("column_id", Integer, primary_key=True, autoincrement=False),
    Column("case_id", Integer, primary_key=True, autoincrement=False),
    Column("value", Double),  # NULL is NaN
    sqlite_with_rowid=False,
)

# `failures`: cases that the variant was tried on and another of its task has this score of, but the variant has not.
summaries = Table(
    "summaries",
    metadata,
    Column("run_id", Integer, primary_key=True, autoincrement=False),
    Column("variant_id", Integer, primary_key=True, autoincrement=False),
    Column("metric_id", SmallInteger, primary_key=True, autoincrement=False),
    Column("n", Integer, nullable=False),
    Column("records", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("mean", Double),
    Column("median", Double),
    Column("low", Double),
    Column("high", Double),
    Column("ranked", Double),
    Column("ranked_low", Double),
    Column("ranked_high", Double),
    Column("written", BigInteger, nullable=False),  # run_variants.written when it was computed
    sqlite_with_rowid=False,
)

contents = Table(
    "contents",
    metadata,
    Column("path", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("content_id", Text, nullable=False),
    sqlite_with_rowid=False,
)

# What the process of a run last said of how it gets on, as JSON, and whether somebody asked it to stop. Stores that were made before
# there was this table get it when they are opened.
headway = Table(
    "headway",
    metadata,
    Column("run_id", Integer, primary_key=True, autoincrement=False),
    Column("said", Text),
    Column("stop", Boolean, nullable=False),
)
