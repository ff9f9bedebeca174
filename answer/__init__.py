"""A question → a cited answer: retrieve · cover · compose, put together by the engine."""
