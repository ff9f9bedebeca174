"""The clinic staff's desk: what is kept, who may sign in, what patients asked."""
