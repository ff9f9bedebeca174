"""What stands beside an answer: notices, and the harms that accompany benefits where the question is about choosing."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from answer.compose import Composer
from answer.offlabel import OffLabel
from answer.said import Quoted, Said, sources_of
from answer.schema import Notice
from answer.words import Words
from safety.crisis import CrisisLines
from safety.triage import Outcome
from safety.wording import Wording
from settings import Settings

if TYPE_CHECKING:
    from answer.engine import Turn

UNDER_18 = "under_18"
WEIGH_HARMS = "weigh_harms"


class Beside:
    """Decides on notices; their words come from ``prompts/notices``."""

    def __init__(
        self,
        settings: Settings,
        words: Words,
        lines: CrisisLines,
        composer: Composer,
        off_label: OffLabel,
    ) -> None:
        self._clinic, self._words, self._lines = settings.clinic_name, words, lines
        self._composer, self._off_label, self._outgoing = composer, off_label, words.outgoing

    def notices(self, turn: "Turn", outcome: Outcome, said: Sequence[Said], topic: str) -> list[Notice]:
        """All notices of an answer, each once: those decided before, then those that the answer calls for."""
        words = self._words.of(turn.language)
        texts = {notice.id: notice.text for notice in self.decided(turn)}
        if any(source.provenance == "clinic" for source in sources_of(said)):
            texts["clinic_source"] = words.notice("clinic_source")
        if outcome == "answered":
            texts |= self._called_for(turn, said, topic, words)
        return [Notice(id=id, text=text) for id, text in texts.items()]

    def decided(self, turn: "Turn") -> list[Notice]:
        """The notices that don't depend on what the answer says."""
        words = self._words.of(turn.language)
        ids = dict.fromkeys((*turn.triage.notices, *turn.notices))
        return [Notice(id=id, text=words.notice(id, clinic=self._clinic)) for id in ids]

    def with_harms(self, turn: "Turn", said: Sequence[Said], sayable: Callable[[Said], bool]) -> list[Said]:
        """The sentences; with one on harms from the sources cited, where the question is about choosing and none
        tells of harms."""
        if not self._lacks_harms(turn, said):
            return list(said)
        risks = (
            Said(claim.text, (Quoted(view.meta, claim, claim.text),))
            for source in sources_of(said)
            if source.provenance != "clinic" and (view := turn.views.get(source.id))
            for claim in view.claims
            if self._outgoing.is_about_harm(claim.section)
        )
        return [*said, *[risk for risk in risks if sayable(risk)][:1]]

    def _called_for(self, turn: "Turn", said: Sequence[Said], topic: str, words: Wording) -> dict[str, str]:
        texts = {}
        elsewhere = self._elsewhere(turn, said)
        if elsewhere and self._composer.is_country_bound(topic):
            names = ", ".join(words.interface(f"country_{code}") for code in elsewhere)
            texts["other_country"] = words.notice("other_country", country=names)
        status = self._off_label.due(turn.text, [item.text for item in said], turn.country)
        if status:
            parts = [words.notice("off_label", country=words.interface(f"country_{turn.country}"))]
            parts += [words.notice("off_label_approved")] if status.approved else []
            texts["off_label"] = " ".join(parts)
        if self._lacks_harms(turn, said):
            texts[WEIGH_HARMS] = words.notice(WEIGH_HARMS)
        return texts

    def _lacks_harms(self, turn: "Turn", said: Sequence[Said]) -> bool:
        """True where the question is about choosing and no sentence tells of harms. An answer of the clinic's own
        practical facts ("is it worth calling on a Sunday?") has no benefits to weigh."""
        told = (self._outgoing.tells_harm(item.text, quote.passage.section) for item in said for quote in item.quotes)
        independent = any(source.kind != "clinic-information" for source in sources_of(said))
        return independent and self._outgoing.is_choosing(turn.text) and not any(told)

    def _elsewhere(self, turn: "Turn", said: Sequence[Said]) -> list[str]:
        """Countries the sources speak of, when none of them speaks of the reader's."""
        codes = {code for source in sources_of(said) for code in source.country}
        return [] if codes & self._lines.jurisdictions(turn.country) else sorted(codes)
