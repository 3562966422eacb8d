"""Who may judge that others are lost."""

from __future__ import annotations

from penstock.flow.overdue import LOST
from penstock.flow.steadiness import BEAT, Steadiness

SILENCE = LOST.total_seconds()


def steady_at(*times: float) -> list[bool]:
    steadiness = Steadiness()
    return [steadiness.reached(time) for time in times]


def test_who_reaches_the_database_all_the_time_judges_from_the_first() -> None:
    assert all(steady_at(*(beat * BEAT for beat in range(20))))


def test_after_a_break_others_have_as_long_as_they_may_be_silent() -> None:
    back = BEAT + SILENCE
    later = [back + beat * BEAT for beat in range(8)]
    found = dict(zip(later, steady_at(0, BEAT, *later)[2:], strict=True))
    assert found == {time: time - back > SILENCE for time in later}
    assert {True, False} == set(found.values())


def test_another_break_begins_that_anew() -> None:
    assert not steady_at(0, SILENCE, SILENCE * 1.4, SILENCE * 2.1)[-1]
