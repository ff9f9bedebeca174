"""Load a started server from a second process, and tell how it fares: ``python -m evals.bench_service``.

The server is one process as an operator starts it, with limits set out of the way. Each part of the table is a report:
nothing here fails on a slow machine. An error is any answer that isn't the one that was asked for.
"""

import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.table import Table

from evals.rows import read_rows
from settings import PREFIX, ROOT

QUESTIONS = Path(__file__).parent / "questions" / "own.jsonl"
START_SECONDS = 300
HEALTH_PAUSE = 0.25
THINK = (2.0, 5.0)
NO_LIMIT = "10000000/day"
SLOW_READ_SECONDS = 3.0
Row = tuple[str, str, str]


@dataclass(slots=True)
class Times:
    """Seconds that requests took, and how many went wrong."""

    seconds: list[float] = field(default_factory=list)
    errors: int = 0
    kinds: set[str] = field(default_factory=set)

    def failed(self, kind: str) -> None:
        """Count an error."""
        self.errors += 1
        self.kinds.add(kind)

    def row(self, what: str, goal: str = "") -> Row:
        """As a row of the table."""
        p50, p95, most = (f"{1000 * percentile(self.seconds, share):.0f}" for share in (0.5, 0.95, 1.0))
        return what, f"{p50} · {p95} · {most} ms; {len(self.seconds):,} done, {self._told()}", goal

    def _told(self) -> str:
        return f"{self.errors} errors" + (f" ({', '.join(sorted(self.kinds))})" if self.kinds else "")


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share lies; 0 of none."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


class Load:
    """Requests to one server, and what came of them."""

    def __init__(self, client: httpx.AsyncClient, questions: Sequence[str], seed: int = 1) -> None:
        self._client, self._questions, self._random = client, questions, random.Random(seed)

    async def ask(self, times: Times) -> None:
        """One question, to the complete answer."""
        start = time.perf_counter()
        try:
            response = await self._client.post("/api/ask", json={"text": self._random.choice(self._questions)})
            if response.status_code != 200 or not response.json()["text"]:
                times.failed(f"status {response.status_code}")
        except httpx.HTTPError as error:
            times.failed(type(error).__name__)
        times.seconds.append(time.perf_counter() - start)

    async def visitor(self, times: Times, seconds: float, think: tuple[float, float]) -> None:
        """Asks and thinks until the time is over."""
        end = time.monotonic() + seconds
        await asyncio.sleep(self._random.uniform(0, think[1]))
        while time.monotonic() < end:
            await self.ask(times)
            await asyncio.sleep(self._random.uniform(*think))

    async def stream(self, first: Times, whole: Times, *, leave: bool = False, slow: bool = False) -> None:
        """One event stream: heard to its end, left at its first piece, or read slowly."""
        start, told = time.perf_counter(), ""
        body = {"text": self._random.choice(self._questions)}
        try:
            async with self._client.stream("POST", "/api/ask/stream", json=body) as response:
                async for piece in response.aiter_text():
                    if not told:
                        first.seconds.append(time.perf_counter() - start)
                        await asyncio.sleep(SLOW_READ_SECONDS if slow else 0)
                    told += piece
                    if leave:
                        return
        except httpx.HTTPError as error:
            whole.failed(type(error).__name__)
            return
        if "event: done" not in told:
            whole.failed("no end")
        whole.seconds.append(time.perf_counter() - start)

    async def health(self, times: Times) -> None:
        """Asks for health again and again until cancelled."""
        while True:
            start = time.perf_counter()
            try:
                response = await self._client.get("/api/health")
                if response.status_code != 200:
                    times.failed(f"status {response.status_code}")
            except httpx.HTTPError as error:
                times.failed(type(error).__name__)
            times.seconds.append(time.perf_counter() - start)
            await asyncio.sleep(HEALTH_PAUSE)


@contextmanager
def server(pages: bool) -> Iterator[tuple[str, int]]:
    """A started server: its address and process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = {"QUESTION_RATE": NO_LIMIT, "SITE_RATE": NO_LIMIT, "READ_RATE": NO_LIMIT, "MAX_STREAMS": "1000"}
    own |= {"MAX_STREAMS_PER_CLIENT": "1000", "MAX_WAITING": "1000"}
    command = [sys.executable, "-m", "cli", "serve", "--port", str(port), *([] if pages else ["--api-only"])]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **{PREFIX + name: value for name, value in own.items()}}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, process)
        yield url, process.pid
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx.get(f"{url}/api/ready").status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise SystemExit("The server didn't start. Is there an index? ketamine-answers ingest")


def memory(pid: int) -> float:
    """Megabytes of memory that a process holds now."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


async def with_health(load: Load, work: Callable[[], Awaitable[object]]) -> Times:
    """Do something while asking for health all along."""
    times = Times()
    asking = asyncio.create_task(load.health(times))
    await work()
    asking.cancel()
    return times


async def api_rows(url: str, pid: int, seconds: float, requests: int) -> list[Row]:
    """Everything that goes through the API."""
    questions = [str(row["question"]) for row in read_rows(QUESTIONS)]
    limits = httpx.Limits(max_connections=None)
    rows: list[Row] = []
    async with httpx.AsyncClient(base_url=url, timeout=120, limits=limits) as client:
        load = Load(client, questions)
        rows += await _alone(load)
        rows += await _visitors(load, seconds)
        rows += await _closed_loop(load, seconds)
        rows += await _streams(load)
        rows += await _memory(load, pid, requests)
    return rows


async def _alone(load: Load) -> list[Row]:
    first, whole, asked = Times(), Times(), Times()
    for _ in range(30):
        await load.stream(first, whole)
        await load.ask(asked)
    return [
        first.row("one visitor: first event (p50 · p95 · most)", "≤ 100 ms"),
        asked.row("one visitor: whole answer"),
    ]


async def _visitors(load: Load, seconds: float) -> list[Row]:
    times = Times()
    health = await with_health(load, lambda: asyncio.gather(*(load.visitor(times, seconds, THINK) for _ in range(50))))
    return [
        times.row(f"50 visitors thinking 2–5 s, {seconds:.0f} s: whole answer", "p95 ≤ 1500 ms, no error"),
        health.row("  health meanwhile", "≤ 100 ms"),
    ]


async def _closed_loop(load: Load, seconds: float) -> list[Row]:
    times, start = Times(), time.perf_counter()
    health = await with_health(
        load, lambda: asyncio.gather(*(load.visitor(times, seconds, (0.0, 0.0)) for _ in range(8)))
    )
    rate = len(times.seconds) / (time.perf_counter() - start)
    return [
        times.row("8 asking without a pause: whole answer"),
        ("  answers a second", f"{rate:.0f}", ""),
        health.row("  health meanwhile", "≤ 100 ms"),
    ]


async def _streams(load: Load) -> list[Row]:
    first, whole, slow_first, slow = Times(), Times(), Times(), Times()
    health = await with_health(
        load, lambda: asyncio.gather(*(load.stream(first, whole, leave=number % 2 == 1) for number in range(100)))
    )
    slow_health = await with_health(
        load, lambda: asyncio.gather(*(load.stream(slow_first, slow, slow=True) for _ in range(200)))
    )
    return [
        whole.row("100 streams at once, half abandoned: whole answer", "no error"),
        health.row("  health meanwhile", "≤ 100 ms"),
        slow.row(f"200 readers that pause {SLOW_READ_SECONDS:.0f} s: whole answer", "no error"),
        slow_health.row("  health meanwhile", "≤ 100 ms"),
    ]


async def _memory(load: Load, pid: int, requests: int) -> list[Row]:
    times, marks = Times(), [memory(pid)]
    for _ in range(4):
        for _ in range(requests // 4 // 16):
            await asyncio.gather(*(load.ask(times) for _ in range(16)))
        marks.append(memory(pid))
    return [
        times.row(f"{len(times.seconds):,} requests: whole answer", "no error"),
        ("  memory before and after each quarter, MB", " · ".join(f"{mark:.0f}" for mark in marks), "flat"),
    ]


def session_rows(url: str, sessions: int) -> list[Row]:
    """Live chat sessions, all asking at once."""
    from evals.sessions import ask_in_sessions  # noqa: PLC0415 - imports Streamlit

    seconds, errors = ask_in_sessions(url, sessions)
    return [Times(seconds, errors).row(f"{sessions} chat sessions asking at once: whole answer", "p95 ≤ 1500 ms")]


def bench(
    short: Annotated[bool, typer.Option("--short", help="10 seconds and 800 requests instead.")] = False,
    sessions: Annotated[int, typer.Option(min=0, help="Live chat sessions, 0 for none.")] = 30,
    seconds: Annotated[float, typer.Option(min=1, help="How long visitors ask.")] = 60,
    requests: Annotated[int, typer.Option(min=64, help="Requests for the memory's sake.")] = 20_000,
    output: Annotated[Path | None, typer.Option(help="File for the rows as JSON lines.")] = None,
) -> None:
    """Load a server and print the table."""
    if short:
        seconds, requests = min(seconds, 10), min(requests, 800)
    with server(pages=sessions > 0) as (url, pid):
        rows = asyncio.run(api_rows(url, pid, seconds, requests))
        if sessions:
            rows += session_rows(url, sessions)
    table = Table("", "measured", "goal")
    for row in rows:
        table.add_row(*row)
    Console(width=140, highlight=False).print(table)
    if output:
        output.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


if __name__ == "__main__":
    typer.run(bench)
