"""Documents → passages → Chroma: load · clean · split · embed · index."""
