"""Published numbers that the figures and tables stand beside, most of them of the Coconut paper (arXiv 2412.06769).

All of the paper's models are GPT-2 small, pretrained; those of this project are trained from scratch. Numbers are by
the name of their task; those that only one task has say which.
"""

DATASETS = {"prosqa": "official ProsQA", "prontoqa": "ProntoQA", "gsm8k": "GSM8k"}
"""What the published numbers of a task are of."""
SIZES = {
    "prosqa": "official ProsQA: 14 to 28 nodes, 3 to 6 hops",
    "prontoqa": "ProntoQA: 6 steps, which are 5 hops",
}
"""How large the published problems of a task are."""
ANALYSED = "prosqa"
"""The task of the paper's Table 2 and of its figures 5 to 9."""
FIGURE_3_TASK = "gsm8k"
"""The task of the paper's figure 3."""

TABLE_1 = {
    "prosqa": {
        "cot": (77.5, 1.9, 49.4),
        "no_cot": (76.7, 1.0, 8.2),
        "icot": (98.2, 0.3, 8.2),
        "pause_token": (75.9, 0.7, 8.2),
        "coconut": (97.0, 0.3, 14.2),
        "no_curriculum": (76.1, 0.2, 14.2),
        "no_thought": (95.5, 1.1, 8.2),
        "pause_as_thought": (96.6, 0.8, 8.2),
    },
    "prontoqa": {
        "cot": (98.8, 0.8, 92.5),
        "no_cot": (93.8, 0.7, 3.0),
        "icot": (99.8, 0.3, 3.0),
        "pause_token": (77.7, 21.0, 3.0),
        "coconut": (99.8, 0.2, 9.0),
        "no_curriculum": (52.4, 0.4, 9.0),
        "no_thought": (99.9, 0.1, 3.0),
        "pause_as_thought": (100.0, 0.1, 3.0),
    },
    "gsm8k": {
        "cot": (42.9, 0.2, 25.0),
        "no_cot": (16.5, 0.5, 2.2),
        "icot": (30.0, float("nan"), 2.2),
        "pause_token": (16.4, 1.8, 2.2),
        "coconut": (34.1, 1.5, 8.2),
        "no_curriculum": (14.4, 0.8, 8.2),
        "no_thought": (21.6, 0.5, 2.3),
        "pause_as_thought": (24.1, 0.7, 2.2),
    },
}
"""By task and method, in version 2: accuracy in percent, its standard deviation over an unstated number of runs, and
the mean number of generated tokens, thoughts counted. On 500 problems of ProsQA, 800 of ProntoQA and
1,319 of GSM8k."""

TABLE_4 = {
    "prosqa": {"no_cot": 0.08, "cot": 0.47, "coconut": 0.15},
    "prontoqa": {"no_cot": 0.03, "cot": 0.85, "coconut": 0.11},
    "gsm8k": {"no_cot": 0.03, "cot": 0.26, "coconut": 0.09},
}
"""By task and method: seconds per problem, one problem at a time, on an A100."""

FIGURE_3 = {0: 25.5, 1: 31.0, 2: 34.1}
"""Accuracy in percent by thoughts per step, read from the figure by a third party; Table 1 has 21.6 for 0."""

FIGURE_5_ACCURACY = {0: 86.8, 1: 85.7, 2: 91.2, 3: 96.0, 4: 95.8, 5: 95.8, 6: 95.8}
FIGURE_5_BASELINES = {"no_cot": 74.7, "cot": 80.4}
"""Accuracy in percent after k thoughts, and of the baselines, read from the figure within 0.3 points; 500 problems."""

FIGURE_5_PROCESSES = {
    ("no_cot", 0): (0, 0, 0, 0, 374, 126),
    ("cot", 0): (256, 82, 128, 36, 0, 0),
    ("coconut", 0): (317, 55, 67, 61, 0, 0),
    ("coconut", 1): (310, 57, 67, 66, 0, 0),
    ("coconut", 2): (345, 44, 79, 32, 0, 0),
    ("coconut", 3): (77, 6, 39, 0, 362, 15),
    ("coconut", 4): (0, 0, 4, 0, 476, 20),
    ("coconut", 5): (0, 0, 4, 0, 476, 20),
    ("coconut", 6): (0, 0, 4, 0, 476, 20),
}
"""By method and k: problems in each class, in the order of `reasoning_process.PROCESSES`, read within 2 problems."""

FIGURE_8 = {
    1: {
        "top 1": {
            1: 0.28,
            5: 0.44,
            10: 0.49,
            20: 0.54,
            30: 0.60,
            40: 0.70,
            50: 0.77,
            60: 0.84,
            70: 0.90,
            80: 0.94,
            90: 0.97,
        },
        "top 1 to 2": {1: 0.45, 5: 0.73, 10: 0.79, 20: 0.86, 30: 0.90, 40: 0.94, 50: 0.96, 60: 0.975, 70: 0.985},
        "top 1 to 3": {5: 0.87, 10: 0.92, 20: 0.96, 30: 0.97, 40: 0.985, 50: 0.99, 60: 0.99, 70: 0.99},
    },
    2: {
        "top 1": {
            1: 0.02,
            5: 0.23,
            10: 0.33,
            20: 0.49,
            30: 0.60,
            40: 0.72,
            50: 0.83,
            60: 0.90,
            70: 0.95,
            80: 0.975,
            90: 0.99,
        },
        "top 1 to 2": {1: 0.03, 5: 0.31, 10: 0.47, 20: 0.70, 30: 0.83, 40: 0.90, 50: 0.95, 60: 0.97, 70: 0.985},
        "top 1 to 3": {10: 0.51, 20: 0.75, 30: 0.87, 40: 0.93, 50: 0.966, 60: 0.975, 70: 0.99},
    },
}
"""By k and quantity: its value at percentiles of the test set, read from the figure within .02."""

FIGURE_8_MEANS = {1: (0.74, 0.95), 2: (0.73, 0.85)}
"""By k: means of "top 1" and "top 1 to 3", by the trapezoid rule over the percentiles."""

TABLE_2 = {"nodes": 23.0, "edges": 36.0, "shortest path": 3.8, "shortest paths": 1.6}
"""Means over the graphs."""

SUPERPOSITION = {
    "not reachable": (-0.37, -0.26, -0.09, -0.25),
    "reachable": (3.59, 1.55, 0.80, 0.61),
    "frontier": (5.09, 2.69, 2.11, 2.27),
    "optimal": (6.41, 4.78, 6.00, 9.48),
}
"""By class: mean inner product of thoughts 1 to 4 with node embeddings (Zhu et al., arXiv 2505.12514: trained from
scratch, 2 layers, width 768, one token per node; seed 1)."""

ATTENTION = {
    "not reachable": (0.04, 0.03, 0.08, 0.12),
    "reachable": (2.12, 0.71, 0.38, 0.29),
    "frontier": (2.12, 1.00, 0.67, 0.61),
    "optimal": (2.54, 1.72, 1.67, 2.23),
}
"""By class: mean attention of steps 1 to 4 to edges, summed over the heads of layer 2 (the same source)."""
