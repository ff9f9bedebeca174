"""What the browser fetches of the widget: a small script with its words, and pages that keep a strict policy."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from errors import OperatorError
from service.widget import widget_routes
from service.widget.article import read_article, to_html
from service.widget.script import FILE, WITHOUT_SERVER, script
from settings import ROOT, Settings
from tests.widget_words import LANGUAGES, widget_words

MOST_BYTES = 40_000


def client(**settings: str) -> TestClient:
    return TestClient(Starlette(routes=widget_routes(Settings(**settings))))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def visitor() -> TestClient:
    return client(clinic_name="the Harbour Clinic", clinic_contact="phone 555 0100")


def test_the_script_may_be_loaded_by_any_page_and_is_not_fetched_twice(visitor: TestClient) -> None:
    sent = visitor.get("/widget.js")
    assert sent.headers["content-type"] == "text/javascript; charset=utf-8"
    assert sent.headers["cross-origin-resource-policy"] == "cross-origin"
    assert sent.headers["access-control-allow-origin"] == "*"
    assert sent.headers["x-content-type-options"] == "nosniff"
    assert "max-age=300" in sent.headers["cache-control"]
    assert "set-cookie" not in sent.headers
    again = visitor.get("/widget.js", headers={"If-None-Match": f'"other", W/{sent.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert visitor.get("/widget.js", headers={"If-None-Match": '"older"'}).status_code == 200
    assert visitor.head("/widget.js").headers["etag"] == sent.headers["etag"]


def test_the_script_is_small_as_written_and_as_sent(visitor: TestClient) -> None:
    assert len(FILE.read_bytes()) <= MOST_BYTES
    assert len(visitor.get("/widget.js").content) <= MOST_BYTES


def test_the_script_brings_the_words_for_a_dead_server_in_every_language() -> None:
    found = re.search(r"const BUILT_IN = (\{.*\});", script(Settings()))
    assert found
    words = json.loads(found[1])
    assert set(words) == set(LANGUAGES)
    for language, own in words.items():
        assert own == {id: widget_words(language)[id] for id in WITHOUT_SERVER}


def test_the_script_builds_no_html_and_evaluates_nothing() -> None:
    code = FILE.read_text(encoding="utf-8")
    for forbidden in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
        "cookie =",
    ):
        assert forbidden not in code
    assert "localStorage" not in code
    assert set(re.findall(r"https?://[^\"'`\s]+", code)) == {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize("path", ["/demo", "/demo/article"])
def test_a_demonstration_page_keeps_its_own_strict_policy(visitor: TestClient, path: str) -> None:
    page = visitor.get(path)
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "<style" not in page.text
    assert not re.search(r"\s(on\w+|style)=", page.text)
    assert re.findall(r"<script[^>]*>", page.text) == re.findall(
        r'<script src="[./]*widget\.js" data-site="[^"]+"[^>]*>', page.text
    )
    assert "The Harbour Clinic" in page.text or "the Harbour Clinic" in page.text
    style = re.search(r'href="([^"]+\.css)"', page.text)
    assert style
    assert visitor.get("/demo/demo.css").headers["content-type"].startswith("text/css")


def test_names_from_the_settings_stay_text() -> None:
    page = client(clinic_name='<script>alert(1)</script>"', clinic_contact="$body ${x}").get("/demo").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&quot;" in page
    assert "$body ${x}" in page


def test_the_article_is_marked_as_the_clinics_own_before_its_first_sentence(visitor: TestClient) -> None:
    page = visitor.get("/demo/article").text
    assert page.index("This is the clinic's own text.") < page.index("Depression can be like a thick fog")
    assert "<h2>Introduction</h2>" in page
    assert "Διαβάζω" not in page
    assert "provenance" not in page


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "![pixel](https://tracker.example/x.png)",
        "[go](javascript:alert(1))",
        "[go](http://plain.example)",
        "<a href='https://x.example' onclick='alert(1)'>x</a>",
        "# A\n\n<style>body{display:none}</style>",
        '[x](https://x.example "onmouseover=alert(1)")',
    ],
)
def test_an_article_can_carry_no_script_picture_or_unsafe_link(hostile: str) -> None:
    shown = to_html(f"A text.\n\n{hostile}\n\n**More** text.")
    assert "<strong>More</strong>" in shown
    tags = set(re.findall(r"<(\w+)", shown))
    assert tags <= {"p", "strong", "a"}
    for link in re.findall(r"<a[^>]*>", shown):
        assert re.fullmatch(r'<a( href="https://[^"]+")? rel="noopener noreferrer">', link)


def test_an_article_without_a_title_is_named_by_its_file(write: Callable[[str, str], Path]) -> None:
    article = read_article(write("our-article.md", "Only a sentence."))
    assert (article.title, article.html.strip()) == ("our-article", "<p>Only a sentence.</p>")


def test_a_missing_article_is_named(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"article\.md"):
        widget_routes(Settings(corpus_dir=tmp_path))


def test_settings_known_only_later_are_asked_for_once_and_their_failure_is_passed_on() -> None:
    asked: list[Settings | None] = [None, Settings(clinic_name="Later Clinic")]

    def later() -> Settings:
        found = asked.pop(0)
        if found is None:
            raise OperatorError("not yet")
        return found

    visitor = TestClient(Starlette(routes=widget_routes(later)))
    with pytest.raises(OperatorError, match="not yet"):
        visitor.get("/demo")
    assert "Later Clinic" in visitor.get("/demo").text
    assert visitor.get("/widget.js").status_code == 200
    assert asked == []


def test_the_guide_names_every_attribute_variable_and_directive() -> None:
    guide = (ROOT / "docs" / "embedding.md").read_text(encoding="utf-8")
    code = FILE.read_text(encoding="utf-8")
    attributes = set(re.findall(r'this\.option\("(\w+)"\)', code)) | set(re.findall(r"dataset\.(\w+)", code))
    attributes |= {"target"}
    inside = {"busy", "title"}  # marks on the widget's own elements
    assert {name for name in attributes - inside if f"`data-{name}`" not in guide} == set()
    assert {name for name in re.findall(r"--ka-[a-z-]+", code) if f"`{name}`" not in guide} == set()
    for picture in re.findall(r"\]\((images/[^)]+)\)", guide):
        assert (ROOT / "docs" / picture).is_file(), picture
