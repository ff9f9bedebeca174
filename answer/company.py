"""Which company a chat model's server belongs to: whoever reads the pages is told who receives a question."""

from __future__ import annotations

import ipaddress
import os
from urllib.parse import urlsplit

from safety.wording import Wording, WordingError
from settings import Settings

ADDRESSES = {"openai": "OPENAI_BASE_URL", "anthropic": "ANTHROPIC_BASE_URL", "ollama": "OLLAMA_HOST"}
"""Where each provider's client looks for the address of its server."""


def receiver(settings: Settings) -> str:
    """Who receives questions, so that the interface texts can name it.

    Returns:
        Empty for nobody outside (no model, or one on this machine), else the provider's name ('openai') or, where a
        server of one's own is set, its host.
    """
    if not settings.model:
        return ""
    provider = settings.model.split(":", 1)[0]
    address = os.environ.get(ADDRESSES.get(provider, ""), "")
    if not address:
        return "" if provider == "ollama" else provider
    host = urlsplit(address if "//" in address else f"//{address}").hostname or ""
    return "" if _is_here(host) else host


def company(settings: Settings, wording: Wording) -> str:
    """The same as readers know it: the provider's company from the interface texts; a host as it is."""
    found = receiver(settings)
    try:
        return wording.interface(f"company_{found}") if found else ""
    except WordingError:
        return found


def _is_here(host: str) -> bool:
    if host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback or ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False
