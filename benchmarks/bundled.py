"""What the benchmarks measure with: a model and problems that come with the project."""

from pathlib import Path

from coconut_core.problems.registry import DEFAULT

MODEL = Path(f"artifacts/models/{DEFAULT}_laptop")
LAPTOP = Path("artifacts/problems/laptop_500.json")
"""Problems of the size that the model was trained on."""
OFFICIAL = Path("artifacts/problems/official_size.json")
