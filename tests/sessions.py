"""Visitors of the app without a browser: they speak to the server as the page does, and see what it sends."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect

LARGEST_MESSAGE = 1 << 26


@dataclass
class Visit:
    """What one visitor saw of a page until its script ended."""

    faults: list[str] = field(default_factory=list)
    """Exceptions and messages of errors on the page."""
    elements: int = 0
    """Charts, tables, texts, widgets."""
    charts: int = 0
    colours: tuple[str, ...] = ()
    """The primary colours of the light and the dark theme that the server names."""


def visit_at_once(address: str, pages: Sequence[str], seconds: float = 300) -> list[Visit]:
    """One visitor a page, all at once; a page is named as in the address, the first one is ""."""

    async def all_of_them() -> list[Visit]:
        async with asyncio.timeout(seconds):
            return await asyncio.gather(*(_visit(address, page) for page in pages))

    # A thread of its own: in this one a browser of another test may have its loop running.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(all_of_them())).result()


async def _visit(address: str, page: str) -> Visit:
    visit, stream = Visit(), address.replace("http", "ws", 1) + "/_stcore/stream"
    async with connect(stream, subprotocols=["streamlit"], max_size=LARGEST_MESSAGE, open_timeout=60) as socket:
        ask = BackMsg()
        ask.rerun_script.page_name = page
        await socket.send(ask.SerializeToString())
        while True:
            message = ForwardMsg.FromString(await socket.recv())
            kind = message.WhichOneof("type")
            if kind == "script_finished":
                return visit
            if kind == "new_session":
                theme = message.new_session.custom_theme
                visit.colours = (theme.light.primary_color, theme.dark.primary_color)
            if kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                element = message.delta.new_element
                shown = element.WhichOneof("type")
                visit.elements += 1
                visit.charts += shown == "plotly_chart"
                if shown == "exception":
                    visit.faults.append(f"{element.exception.type}: {element.exception.message}")
                elif shown == "alert" and element.alert.format == element.alert.ERROR:
                    visit.faults.append(element.alert.body)
