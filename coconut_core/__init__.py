"""Coconut models: continuous thoughts over any Hugging Face causal language model (arXiv 2412.06769).

Names of axes, used by every shape annotation in the project:

    batch      rows of one computation; a row is one text of facts with one or more questions about it
    column     places of a row's token tree, in the order in which they were computed (`columns.py`)
    thought    continuous thoughts of one question, thought 1 first
    d_model    width of the language model
    vocab      entries of the vocabulary
    problem    problems of a set
    k          numbers of thoughts that were read, 0 first
    node       nodes of a problem's graph, padded to the largest graph of the set
"""
