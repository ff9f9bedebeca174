"""Question and message sets, and the commands that measure the assistant with them."""
