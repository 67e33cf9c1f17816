"""What the tests of whole labs share: `labs` is importable from them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
