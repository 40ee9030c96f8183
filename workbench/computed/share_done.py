"""How much of a work is done, from how much is done of its present part: one share for all parts, which never falls."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class ShareDone:
    """The share of a whole, 0 to 1, part by part."""

    parts: dict[str, float] = field(default_factory=dict)
    """What is to be done, by name, and about how long each part takes, in any unit."""
    besides: float = 0.0
    """About how long everything takes that has no name among `parts`."""
    _done: set[str] = field(default_factory=set)
    _present: str | None = None
    _most: float = 0.0

    def expect(self, parts: Mapping[str, float], besides: float) -> None:
        """More is to be done; parts that are known are not counted twice."""
        self.parts |= {name: weight for name, weight in parts.items() if name not in self._done}
        self.besides = max(self.besides, besides)

    def after(self, name: str, share: float) -> float:
        """Share of all, once `share` of the part `name` is done; the part that was reported before is done then."""
        if name != self._present:
            self._done |= {self._present} & self.parts.keys()
            self._present = name
        done = sum(self.parts[each] for each in self._done if each != name)
        done += share * self.parts.get(name, self.besides)
        if name not in self.parts:  # what comes last
            done += sum(weight for each, weight in self.parts.items() if each not in self._done) if share else 0.0
        whole = sum(self.parts.values()) + self.besides
        self._most = max(self._most, min(done / whole, 1.0) if whole else 0.0)
        return self._most
