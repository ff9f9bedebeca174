"""The base of all errors that whoever runs the assistant can mend."""


class OperatorError(Exception):
    """Something is missing or wrong outside the code; the message is a line or two that says where and what to do."""
