"""Ctrl-C and SIGTERM: none is lost, and none comes in the middle of a step."""

import signal
import threading

import pytest

from deploy.conformance import interrupts


def test_sigterm_ends_as_an_exception_so_that_all_is_tidied_up() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as ended, interrupts.ended_by_sigterm_too():
        signal.raise_signal(signal.SIGTERM)
    assert ended.value.code == 143
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(
    ("number", "expected"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)]
)
def test_an_interrupt_waits_for_the_end_of_a_step(
    number: int, expected: type[BaseException]
) -> None:
    steps = []

    def step() -> None:
        with interrupts.put_off():
            signal.raise_signal(number)
            signal.raise_signal(number)
            steps.append("done")
        steps.append("went on")

    with interrupts.ended_by_sigterm_too(), pytest.raises(expected):
        step()
    assert steps == ["done"]


def test_a_step_that_fails_does_not_hide_the_interrupt() -> None:
    def step() -> None:
        with interrupts.put_off():
            signal.raise_signal(signal.SIGINT)
            raise OSError

    with pytest.raises(KeyboardInterrupt):
        step()


def test_other_threads_get_no_signals_and_need_no_help() -> None:
    done = []

    def work() -> None:
        with interrupts.put_off():
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]
