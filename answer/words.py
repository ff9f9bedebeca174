"""The reviewed words of every language, checked once at start, and the clinic's contact in them."""

import re
from collections.abc import Sequence

from answer.verify import Verifier
from safety.outgoing import Outgoing
from safety.wording import FALLBACK_LANGUAGE, Wording, WordingError, languages
from settings import Settings

OFFERS_A_PERSON = frozenset(("misuse", "off_topic", "abuse"))
"""Messages that name no contact of their own: a person to turn to is offered behind them where the clinic has one."""

_SENTENCE_END = re.compile(r"(?<=[.?!;؟])\s+")


class Words:
    """Gives messages and notices in a language; a language without texts gets English ones."""

    def __init__(self, settings: Settings, verifier: Verifier, outgoing: Outgoing) -> None:
        """Read and check all languages.

        Raises:
            WordingError: a text is missing, malformed, or says what may not go out; names file and id.
        """
        self._settings, self.outgoing = settings, outgoing
        folder = settings.prompts_dir
        self._wordings = {
            language: Wording(folder, language) for language in {*languages(folder), settings.language, "en"}
        }
        for language, wording in self._wordings.items():
            for problem in unsayable(wording, language, verifier, outgoing):
                raise WordingError(problem)

    def of(self, language: str) -> Wording:
        """The wording of a language."""
        return self._wordings.get(language) or self._wordings[FALLBACK_LANGUAGE]

    def message(self, language: str, id: str, *, reasoned: bool, **fields: str) -> str:
        """A message, with the clinic's contact where the message offers it."""
        words = self.of(language)
        clinic, contact = self._settings.clinic_name, self.contact(words)
        text = words.message(id, reasoned=reasoned, clinic=clinic, contact=contact, **fields)
        if id in OFFERS_A_PERSON and self._can_be_reached():
            return f"{text} {words.message('person', clinic=clinic, contact=contact)}"
        return text

    def contact(self, words: Wording) -> str:
        """How to reach the clinic, as words that can end a sentence: "phone 555 0100, e-mail hello@clinic.example"."""
        s = self._settings
        parts = [
            words.message("contact_phone", phone=s.clinic_phone) if s.clinic_phone else "",
            words.message("contact_email", email=s.clinic_email) if s.clinic_email else "",
            words.message("contact_hours", hours=s.clinic_hours) if s.clinic_hours else "",
        ]
        own = s.clinic_contact if not any(parts) or self._has_own_contact() else ""
        return ", ".join(filter(None, (own, *parts)))

    def _has_own_contact(self) -> bool:
        return self._settings.clinic_contact != str(Settings.model_fields["clinic_contact"].default)

    def _can_be_reached(self) -> bool:
        """True when a way to reach the clinic has been set."""
        s = self._settings
        return bool(s.clinic_phone or s.clinic_email) or self._has_own_contact()


def unsayable(wording: Wording, language: str, verifier: Verifier, outgoing: Outgoing) -> Sequence[str]:
    """What no text may say, and one of these says: "messages/en.toml: misuse: promises: …"."""

    def further(sentence: str) -> str:
        return verifier.unsayable(sentence, reviewed=True)

    found = []
    for place, text in wording.reviewed():
        for sentence in _SENTENCE_END.split(text):
            reason = outgoing.stopped(sentence, further if language == FALLBACK_LANGUAGE else None)
            if reason:
                found.append(f"{place}: may not go out: {reason}")
    return found
