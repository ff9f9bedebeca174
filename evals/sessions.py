"""Live chat sessions for the benchmark: each speaks Streamlit's own protocol over a WebSocket, as a tab does."""

import asyncio
import time
from collections.abc import Callable

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

QUESTION = "Does ketamine raise blood pressure?"
LIMIT_SECONDS = 60
MOST_BYTES = 64 * 1024 * 1024


def ask_in_sessions(url: str, count: int) -> tuple[list[float], int]:
    """Seconds from asking to the end of the answer's run in each session, and how many sessions failed."""
    return asyncio.run(_ask_in_sessions(url.replace("http", "ws", 1), count))


async def _ask_in_sessions(url: str, count: int) -> tuple[list[float], int]:
    opened = asyncio.Barrier(count)
    found = await asyncio.gather(*(_session(url, opened) for _ in range(count)), return_exceptions=True)
    seconds = [one for one in found if isinstance(one, float)]
    return seconds, count - len(seconds)


async def _session(url: str, opened: asyncio.Barrier) -> float:
    """Open the page, wait for the other sessions, ask; fails when the page shows no citation."""
    async with (
        asyncio.timeout(LIMIT_SECONDS),
        connect(f"{url}/_stcore/stream", subprotocols=["streamlit"], max_size=MOST_BYTES) as socket,  # type: ignore[list-item]
    ):
        first = BackMsg()
        first.rerun_script.query_string = ""
        await socket.send(first.SerializeToString())
        box = (await _until(socket, _is_box)).delta.new_element.chat_input.id
        await opened.wait()
        asked = BackMsg()
        state = asked.rerun_script.widget_states.widgets.add()
        state.id, state.chat_input_value.data = box, QUESTION
        start = time.perf_counter()
        await socket.send(asked.SerializeToString())
        await _until(socket, lambda message: "ka-cite" in message.delta.new_element.html.body)
        return time.perf_counter() - start


async def _until(socket: ClientConnection, wanted: Callable[[ForwardMsg], bool]) -> ForwardMsg:
    """The first message that is wanted, once the run that drew it has ended; a run may end early and begin again."""
    found: ForwardMsg | None = None
    async for data in socket:
        message = ForwardMsg()
        message.ParseFromString(data if isinstance(data, bytes) else data.encode())
        if found is None and wanted(message):
            found = message
        if found is not None and message.WhichOneof("type") == "script_finished":
            return found
    raise ValueError("the server closed the session")


def _is_box(message: ForwardMsg) -> bool:
    return message.WhichOneof("type") == "delta" and message.delta.new_element.WhichOneof("type") == "chat_input"
