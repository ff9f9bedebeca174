"""Receipts: an answer as a file that can be checked later, against the literature and the rules of that day.

A receipt is JSON, signed with an HMAC-SHA256 over its canonical form (sorted keys, no spaces, UTF-8) by a key that
stays in the data folder. Checking tells apart an edited receipt, a source whose words changed, a source that was
withdrawn, and rules that changed since.
"""

import hashlib
import hmac
import json
import os
import secrets
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from answer.engine import Engine
from answer.say import SourceView
from answer.schema import Answer, Citation
from answer.verify import Check, Quote, Verifier
from errors import OperatorError

KEY_FILE = "receipt.key"
KEY_BYTES = 32
MAX_BYTES = 5_000_000

Kind = Literal["edited", "source_withdrawn", "source_changed", "rules_changed", "check_failed"]


class ReceiptError(OperatorError):
    """A file is no receipt, or the key can't be used; the message names the file and says why."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Relied(_Part):
    """What a citation relied on: the quote, and a fingerprint of all the words of its source on that day."""

    number: int
    source_id: str
    passage_id: str
    quote: str
    title: str
    country: list[str] = []
    fingerprint: str


class CheckedSentence(_Part):
    """A sentence with the checks it went through when the receipt was made."""

    text: str
    citations: list[int]
    checks: list[Check]


class Receipt(_Part):
    """Everything needed to check an answer later; ``rules`` and ``key_id`` say which rules and key were used."""

    format: Literal["ketamine-answers receipt 1"] = "ketamine-answers receipt 1"
    answer: Answer
    corpus_version: str
    citations: list[Relied]
    sentences: list[CheckedSentence]
    rules: str
    timings_ms: dict[str, float]
    key_id: str
    hmac: str = ""


class Finding(BaseModel):
    """What checking a receipt found. Without ``blocking`` it is for information: the receipt is still good."""

    kind: Kind
    detail: str
    blocking: bool = True


def load_key(folder: Path, *, create: bool) -> bytes:
    """The key of this installation.

    Raises:
        ReceiptError: there is none (and ``create`` isn't set), or the file isn't a key.
    """
    path = folder / KEY_FILE
    if create and not path.exists():
        _create_key(path)
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except FileNotFoundError as error:
        raise ReceiptError(f"{path}: no key; receipts made here were signed with the key of another folder") from error
    except (OSError, ValueError) as error:
        raise ReceiptError(f"{path}: can't be read as a key ({error})") from error
    if len(key) != KEY_BYTES:
        raise ReceiptError(f"{path}: is not a key of {KEY_BYTES} bytes; put the old file back from a backup")
    return key


def make_receipt(answer: Answer, engine: Engine, key: bytes) -> Receipt:
    """A signed receipt of an answer."""
    relied = [_relied(citation, engine.source(citation.source_id)) for citation in answer.citations]
    quotes = {item.number: _quote(item) for item in relied}
    sentences = [
        CheckedSentence(
            text=text,
            citations=sentence.citations,
            checks=engine.verifier.check(text, [quotes[number] for number in sentence.citations]),
        )
        for text, sentence in zip(_checkable(answer), answer.sentences, strict=True)
    ]
    receipt = Receipt(
        answer=answer,
        corpus_version=answer.corpus_version,
        citations=relied,
        sentences=sentences,
        rules=engine.verifier.digest,
        timings_ms=answer.timings_ms,
        key_id=_key_id(key),
    )
    return receipt.model_copy(update={"hmac": _signature(receipt.model_dump(mode="json"), key)})


def check_receipt(path: Path, engine: Engine, key: bytes) -> list[Finding]:
    """Everything in which a receipt differs from today; good when nothing found is blocking.

    Raises:
        ReceiptError: the file is missing, not a receipt, or signed with another installation's key.
    """
    data = _read(path)
    if data["key_id"] != _key_id(key):
        raise ReceiptError(f"{path}: was signed by another installation; check it there")
    if not hmac.compare_digest(str(data["hmac"]), _signature(data, key)):
        return [
            Finding(kind="edited", detail="its contents don't fit its signature, so nothing in it can be relied on")
        ]
    try:
        receipt = Receipt.model_validate(data)
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise ReceiptError(f"{path}: was made by another version of this program ({where})") from error
    findings: list[Finding] = []
    for item in receipt.citations:
        findings += _source_findings(item, engine.source(item.source_id))
    return findings + _rule_findings(receipt, engine.verifier)


def _checkable(answer: Answer) -> list[str]:
    """The sentences as the checks can read them: of an answer that a model translated, the English ones."""
    translation = answer.checks.get("translation")
    return list(translation["originals"]) if translation else [sentence.text for sentence in answer.sentences]


def _source_findings(item: Relied, view: SourceView | None) -> list[Finding]:
    if view is None:
        return [Finding(kind="source_withdrawn", detail=f"[{item.number}] {item.source_id} is no longer there")]
    if not any(item.quote in claim.text for claim in view.claims):
        detail = f"[{item.number}] {item.source_id} no longer says: “{item.quote}”"
        return [Finding(kind="source_changed", detail=detail)]
    if _fingerprint(view) != item.fingerprint:
        detail = f"[{item.number}] {item.source_id} has changed elsewhere; the quote still stands there"
        return [Finding(kind="source_changed", detail=detail, blocking=False)]
    return []


def _rule_findings(receipt: Receipt, verifier: Verifier) -> list[Finding]:
    """Today's checks on the recorded quotes. A check that failed on the day already is no difference."""
    quotes = {item.number: _quote(item) for item in receipt.citations}
    failed = []
    for sentence in receipt.sentences:
        before = {check.name for check in sentence.checks if not check.passed}
        cited = [quotes[number] for number in sentence.citations if number in quotes]
        failed += [
            Finding(kind="check_failed", detail=f"{check.name}: {check.reason}: “{sentence.text}”")
            for check in verifier.check(sentence.text, cited)
            if not check.passed and check.name not in before
        ]
    if receipt.rules == verifier.digest:
        return failed
    verdict = "does not pass them" if failed else "still passes them"
    changed = f"the rules are {verifier.digest} now, were {receipt.rules}; checked with today's, it {verdict}"
    return [Finding(kind="rules_changed", detail=changed), *failed]


def _relied(citation: Citation, view: SourceView | None) -> Relied:
    claims = view.claims if view else ()
    return Relied(
        number=citation.number,
        source_id=citation.source_id,
        passage_id=citation.passage_id,
        quote=citation.quote,
        title=next((claim.title for claim in claims if claim.id == citation.passage_id), ""),
        country=citation.country,
        fingerprint=_fingerprint(view) if view else "",
    )


def _quote(item: Relied) -> Quote:
    return Quote(item.quote, item.title, tuple(item.country))


def _fingerprint(view: SourceView) -> str:
    words = "\n".join([view.heading, *(claim.text for claim in view.claims)])
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ReceiptError(f"{path}: is larger than {MAX_BYTES // 1_000_000} MB, so it is no receipt")
        data = json.loads(path.read_bytes())
    except OSError as error:
        raise ReceiptError(f"{path}: can't be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ReceiptError(f"{path}: is not JSON, so it is no receipt") from error
    if not isinstance(data, dict) or not {"format", "answer", "key_id", "hmac"} <= data.keys():
        raise ReceiptError(f"{path}: is JSON, but no receipt of this program")
    return data


def _signature(data: dict[str, Any], key: bytes) -> str:
    signed = {name: value for name, value in data.items() if name != "hmac"}
    canonical = json.dumps(signed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hmac.new(key, canonical.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def _key_id(key: bytes) -> str:
    return hashlib.sha256(b"key id" + key).hexdigest()[:12]


def _create_key(path: Path) -> None:
    """Write a new key under its name in one step; of two processes that start at once, the first one's stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(secrets.token_hex(KEY_BYTES) + "\n")
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
