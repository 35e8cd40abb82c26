"""Leaderboards of a run, and comparisons of methods and runs, over the store and the statistics."""

from ecgbench.leaderboard.board import BoardRow, BoardScore, Leaderboard, leaderboard
from ecgbench.leaderboard.breakdown import KEYS, ROBUSTNESS, Breakdown, board_columns, breakdown
from ecgbench.leaderboard.comparison import Comparison, ComparisonRow, compare, compare_pairs
from ecgbench.leaderboard.labels import labels
from ecgbench.leaderboard.ranks import pareto_front, shared_ranks
from ecgbench.leaderboard.refresh import refresh_summaries

__all__ = [
    "KEYS", "ROBUSTNESS", "BoardRow", "BoardScore", "Breakdown", "Comparison", "ComparisonRow", "Leaderboard", "board_columns", "breakdown",
    "compare", "compare_pairs", "labels", "leaderboard", "pareto_front", "refresh_summaries", "shared_ranks",
]  # fmt: skip
