"""What was computed is remembered, once for all who ask at a time, and errors are not."""

import threading
import time

import pytest

from ecgbench.dashboard.memory import remembered


def test_who_asks_for_what_is_being_computed_waits_for_it():
    calls = []

    @remembered(4)
    def slow(number):
        calls.append(number)
        time.sleep(0.05)
        return number + 1

    found = []
    threads = [threading.Thread(target=lambda: found.append(slow(1))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert calls == [1] and found == [2] * 5


def test_the_oldest_is_forgotten_and_an_error_is_asked_again():
    calls = []

    @remembered(2)
    def inverse(number):
        calls.append(number)
        return 1 / number

    for number in (1, 2, 1, 3, 1, 2):  # 2 is the oldest when 3 comes
        inverse(number)
    assert calls == [1, 2, 3, 2]
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            inverse(0)
    assert calls.count(0) == 2
