"""What is counted for the operator (Prometheus): numbers alone, never what anybody wrote."""

from __future__ import annotations

import hmac

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, start_http_server
from prometheus_client.process_collector import ProcessCollector

from answer.schema import Answer
from service.problems import RefusedError
from settings import Settings

BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2.5, 5, 10, 30, 60)
LOOPBACK = "127.0.0.1"


class Metrics:
    """The counters of one process."""

    def __init__(self, settings: Settings) -> None:
        self._token = settings.metrics_token.get_secret_value()
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        name = "ketamine_answers_"
        self._requests = Counter(
            f"{name}requests", "Requests by route and status.", ["method", "route", "status"], registry=registry
        )
        self._seconds = Histogram(
            f"{name}request_seconds", "Time to the end of the response.", ["route"], buckets=BUCKETS, registry=registry
        )
        self._answers = Counter(
            f"{name}answers", "Answers by what came of the question.", ["outcome", "composer"], registry=registry
        )
        self._votes = Counter(f"{name}votes", "Votes on answers.", ["site", "helpful"], registry=registry)
        self.streams = Gauge(f"{name}streams_open", "Streams open now.", registry=registry)
        self.waiting = Gauge(f"{name}questions_waiting", "Questions being answered or waiting.", registry=registry)
        self._server = (
            start_http_server(settings.metrics_port, LOOPBACK, registry)[0] if settings.metrics_port else None
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a finished request; ``route`` is a template, never a path as it was asked for."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def answer(self, answer: Answer) -> None:
        """Count an answer."""
        self._answers.labels(answer.outcome, answer.composer).inc()

    def vote(self, site: str, helpful: bool) -> None:
        """Count a vote; ``site`` is one of the settings' or empty."""
        self._votes.labels(site, str(helpful).lower()).inc()

    def text(self, authorization: str | None) -> bytes:
        """All counters in Prometheus' text format.

        Raises:
            RefusedError: no token is set, or the header doesn't carry it.
        """
        if not self._token:
            raise RefusedError(404)
        if not hmac.compare_digest((authorization or "").encode(), f"Bearer {self._token}".encode()):
            raise RefusedError(401, headers={"WWW-Authenticate": "Bearer"})
        return generate_latest(self._registry)

    def close(self) -> None:
        """Stop serving them."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
