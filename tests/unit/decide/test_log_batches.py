"""Which events of a batch are taken."""

from __future__ import annotations

import pytest

from penstock.decide.log_batches import DAY, HOUR, Accepted, accept, fault, too_wide

NOW = 1_772_366_400_000


@pytest.mark.parametrize(
    ("offsets", "retention", "accepted"),
    [
        ([0], None, Accepted(0, 1, {})),
        ([-14 * DAY, 2 * HOUR], None, Accepted(0, 2, {})),
        ([-14 * DAY - 1, 0], None, Accepted(1, 2, {"tooOldLogEventEndIndex": 1})),
        ([0, 2 * HOUR + 1], None, Accepted(0, 1, {"tooNewLogEventStartIndex": 1})),
        ([-DAY - 1, -DAY, 0], 1, Accepted(1, 3, {"expiredLogEventEndIndex": 1})),
        (
            [-15 * DAY, -2 * DAY, 0, 3 * HOUR],
            1,
            Accepted(
                2,
                3,
                {
                    "tooNewLogEventStartIndex": 3,
                    "tooOldLogEventEndIndex": 1,
                    "expiredLogEventEndIndex": 2,
                },
            ),
        ),
        ([3 * HOUR], None, Accepted(0, 0, {"tooNewLogEventStartIndex": 0})),
    ],
)
def test_events_too_old_too_new_or_expired_are_told(
    offsets: list[int], retention: int | None, accepted: Accepted
) -> None:
    """TG-040: 14 days back, 2 hours ahead, and the group's retention."""
    assert accept([NOW + offset for offset in offsets], NOW, retention) == accepted


def test_a_batch_has_a_size_and_an_order() -> None:
    """TG-040: 1,048,576 bytes with 26 an event; 10,000 events; times that do not go back."""
    most = "x" * (1_048_576 - 26)
    assert fault([NOW], [most]) is None
    assert fault([NOW], [most + "x"]) == "Upload too large: 1048577 bytes exceeds limit of 1048576"
    assert "1048578 bytes" in str(fault([NOW], [most[:-1] + "ßx"]))
    assert fault([NOW] * 10_000, ["x"] * 10_000) is None
    assert "less than or equal to 10000" in str(fault([NOW] * 10_001, ["x"] * 10_001))
    assert "chronological" in str(fault([NOW, NOW - 1], ["a", "b"]))
    assert fault([NOW, NOW], ["a", "b"]) is None


def test_a_batch_spans_a_day_at_most() -> None:
    """TG-040: 24 hours."""
    assert too_wide([NOW, NOW + DAY]) is None
    assert "24 hours" in str(too_wide([NOW, NOW + DAY + 1]))
