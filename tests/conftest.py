"""How laws are tried: by the same examples for the same tests, so that a gate says the same of the same commit; or by new ones.

``HYPOTHESIS_PROFILE=explore python -m pytest`` looks at new examples each time. What that finds becomes an ``@example`` beside its mend.
"""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("gate", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gate"))
