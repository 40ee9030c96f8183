"""What is wrong with an input, drawn from a seed: values, trees of values, texts and bytes."""

import copy
import json
import random
from collections.abc import Callable
from typing import Any

from coconut_core.errors import LONGEST_MESSAGE, InputError

ODD_NUMBERS = (0, -1, 1, 2, 7, 255, 2**31, 2**32 - 1, 2**63, -(2**63) - 1, 10**30, 0.5, -0.0, 1e308, float("nan"))
ODD_NUMBERS += (float("inf"), 1e-320, 10_000, 1_000_000)
ODD_TEXTS = ("", " ", "\0", "a\0b", "\n", "\ud800", "\u202e", "é", "😀", "=1+1", "../..", "/dev/zero", "None", "null")
ODD_TEXTS += ("true", "1e-4", "0x" + "f" * 5_000, "9" * 5_000, "x" * 20_000, "[" * 2_000, "<script>", "$x$", "%s{0}")
BAD_BYTES = (b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\x80", b"\xff\xfe", b"\x00", b"\xef\xbb\xbf", b"[" * 3_000)
BAD_BYTES += (
    b"1e400",
    b"-",
    b"1" * 6_000,
    b'"',
    b"\\u",
    b"\\ud800",
    b"{",
    b"}",
    b"]",
    b",",
    b":",
    b"*a",
    b"&a ",
    b"!!",
)


def odd_value(rng: random.Random) -> Any:
    """Something that hardly belongs where it is put."""
    kinds: list[Callable[[], Any]] = [
        lambda: rng.choice(ODD_NUMBERS),
        lambda: rng.choice(ODD_TEXTS),
        lambda: rng.choice([None, True, False, [], {}, [[]], {"": []}, [None] * 50]),
        lambda: nested(rng.choice([3, 20, 300])),
        lambda: [rng.choice(ODD_NUMBERS) for _ in range(rng.randint(1, 40))],
        lambda: {rng.choice(ODD_TEXTS): rng.choice(ODD_NUMBERS)},
    ]
    return rng.choice(kinds)()


def nested(depth: int) -> Any:
    value: Any = 0
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


def mutated(tree: Any, rng: random.Random, times: int | None = None) -> Any:
    """A copy of plain values in which some places hold others, or nothing, or what stood elsewhere."""
    tree = copy.deepcopy(tree)
    for _ in range(times or rng.randint(1, 3)):
        places = list(_places(tree))
        if not places:
            return odd_value(rng)
        part, key = rng.choice(places)
        change = rng.randrange(6)
        if change == 0:
            del part[key]
        elif change == 1:
            other, at = rng.choice(places)
            part[key] = copy.deepcopy(other[at])
        elif change == 2 and isinstance(part[key], str):
            part[key] = mutated_text(part[key], rng)
        elif change == 3 and isinstance(part, list):
            part.insert(rng.randint(0, len(part)), copy.deepcopy(part[key]))
        elif change == 4 and isinstance(part[key], int) and not isinstance(part[key], bool):
            part[key] += rng.choice([-1, 1, 1_000, 10**6, 10**9])
        else:
            part[key] = odd_value(rng)
    return tree


def _places(tree: Any):
    waiting = [tree]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict | list):
            for key in part if isinstance(part, dict) else range(len(part)):
                yield part, key
                waiting.append(part[key])


def mutated_text(text: str, rng: random.Random) -> str:
    """The text with a part of it left out, said twice, moved or replaced."""
    start = rng.randint(0, len(text))
    stop = min(len(text), start + rng.randint(0, 12))
    middle = rng.choice(["", text[start:stop] * 2, rng.choice(ODD_TEXTS), text[start:stop][::-1]])
    return text[:start] + middle + text[stop:]


def mutated_bytes(content: bytes, rng: random.Random) -> bytes:
    """The bytes with some flipped, left out, said twice, or of no text among them."""
    for _ in range(rng.randint(1, 4)):
        at = rng.randint(0, len(content))
        stop = min(len(content), at + rng.randint(1, 40))
        change = rng.randrange(5)
        if change == 0:
            content = content[:at]
        elif change == 1 and at < len(content):
            content = content[:at] + bytes([content[at] ^ (1 << rng.randrange(8))]) + content[at + 1 :]
        elif change == 2:
            content = content[:at] + content[stop:]
        elif change == 3:
            content = content[:stop] + content[at:stop] * rng.randint(1, 3) + content[stop:]
        else:
            content = content[:at] + rng.choice(BAD_BYTES) + content[at:]
    return content


def as_json(tree: Any, rng: random.Random) -> bytes:
    """The values as JSON, with halves of characters escaped, as Python writes them, or as bytes of their own."""
    text = json.dumps(tree, ensure_ascii=rng.random() < 0.7)
    return text.encode("utf-8", "surrogatepass")


def refused(call: Callable[[], Any]) -> bool:
    """Whether `call` refuses its input, by one readable sentence; any other exception is a finding and goes on."""
    try:
        call()
    except InputError as error:
        assert_readable(str(error))
        return True
    return False


def assert_readable(message: str) -> None:
    """One line, not too long, that can be printed anywhere."""
    assert message.strip() and len(message.splitlines()) == 1, repr(message)
    assert len(message) <= LONGEST_MESSAGE and message.isprintable(), repr(message)
    message.encode()
