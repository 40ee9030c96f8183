"""Published numbers that our figures and tables are shown beside (arXiv 2412.06769).

Table 1 is of version 2; accuracies are percent on 500 ProsQA problems, with the standard deviation over an unstated
number of runs, and the mean number of generated tokens, thoughts counted. Table 4 is seconds a problem, one at a time,
on an A100. All of it is GPT-2 small, pretrained; ours are trained from scratch.
"""

TABLE_1 = {
    "cot": (77.5, 1.9, 49.4),
    "no_cot": (76.7, 1.0, 8.2),
    "icot": (98.2, 0.3, 8.2),
    "pause_token": (75.9, 0.7, 8.2),
    "coconut": (97.0, 0.3, 14.2),
    "no_curriculum": (76.1, 0.2, 14.2),
    "no_thought": (95.5, 1.1, 8.2),
    "pause_as_thought": (96.6, 0.8, 8.2),
}
"""Method: accuracy, its standard deviation, tokens."""

TABLE_4 = {"no_cot": 0.08, "cot": 0.47, "coconut": 0.15}
"""Method: seconds a problem."""
