"""Ctrl-C between two steps of long work."""

import signal


class Interruption:
    """Turns Ctrl-C, and a request to end, into a question that is asked between two steps.

    An exception in the middle of a step would leave weights that belong to no step. A second Ctrl-C does not wait; a
    request to end after a Ctrl-C, which a launcher sends to its processes, does.
    """

    def __init__(self):
        self.asked = False

    def __enter__(self) -> "Interruption":
        self._before = {each: signal.signal(each, self._ask) for each in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_: object) -> None:
        for each, handler in self._before.items():
            signal.signal(each, handler)

    def _ask(self, number: int, _: object) -> None:
        if self.asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.asked = True
