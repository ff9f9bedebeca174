"""Service: the HTTP API and the chat for a clinic's website."""
