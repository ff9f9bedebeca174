"""The HTTP API: questions and answers as data, for the widget and for other programs."""
