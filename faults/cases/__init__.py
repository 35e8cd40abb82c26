"""One script a case: `PROMISE`, `SHORT` and `run(short=)`; a file that is added here is a case (see faults/suite.py)."""
