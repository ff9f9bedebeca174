"""The chat for a clinic's website: its script, and demonstration pages that carry it."""

from service.widget.routes import widget_routes

__all__ = ["widget_routes"]
