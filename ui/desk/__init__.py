"""The staff's pages. Nothing of them is imported by a process that serves readers alone."""
