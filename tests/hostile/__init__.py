"""Hostile input: mutated files, folders and command lines, kills and full disks. Nothing foreign may come of it.

    python -m tests.hostile --inputs 10000 --seed 1

tries as many inputs of each kind, and says of how many it took, how many it refused, and what else happened.
"""
