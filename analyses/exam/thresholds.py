"""What counts as yes and as no, fixed before any trained model is read with them; the history shows when."""

LEAST_SHARE = 0.1
"""Share of problems, in [0, 1], on which an instrument has to find what it looks for: it says yes where the interval of
the share lies above, no where it lies below, and otherwise that it cannot be told."""
MOST_PROBLEMS = 0.5
"""The same for instruments whose share is one half where a model guesses."""
FOLLOWS_RULE = 0.15
"""The same for the share of answers that a rule of thumb costs: wrong ones where the rule is wrong, less wrong ones
where it is right."""
SEES_GOAL = 0.6
"""The same for the share of problems in which values prefer what leads to the target; of values without any order it is
one half."""
PROBED = 0.25
"""The same for the share of problems in which a probe's most probable node is of the frontier, less the share of an
untrained model: some node always is the most probable one."""
EQUAL_VALUES = 1e-3
"""Values that differ by no more are equal."""
MOST_OF_THE_MASS = 0.5
"""Probability on the frontier, in [0, 1], from which it counts as found on a problem."""
SEVERAL = 1.5
"""Effective number of nodes from which a problem counts as one with several of them at once: one node has 1, two equal
ones have 2."""
CONFIDENCE = 0.95
"""Of the intervals, which are Wilson's."""
EXAMINED_AFTER = 2
"""Thoughts after which a frontier is looked for: the first k whose nodes are not in the facts about the person."""
PROBLEMS = 100
"""Fresh ones of the official distribution."""
SEED = 2412
