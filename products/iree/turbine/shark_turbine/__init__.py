"""The former name of iree.turbine: whatever is imported from here is that of iree.turbine."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import warnings
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

_FORMER, _NAME = "shark_turbine", "iree.turbine"


class _Leading(MetaPathFinder, Loader):
    """Gives each module of the former name the very module that has the new one."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        if not fullname.startswith(f"{_FORMER}."):
            return None
        try:
            found = importlib.util.find_spec(_NAME + fullname.removeprefix(_FORMER))
        except ModuleNotFoundError:
            return None
        return importlib.util.spec_from_loader(fullname, self) if found else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.import_module(_NAME + spec.name.removeprefix(_FORMER))
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # It was run under its own name, and keeps it.
        assert module.__spec__
        module.__spec__ = module.__spec__.loader_state


warnings.warn("shark_turbine is now called iree.turbine", DeprecationWarning, stacklevel=2)
sys.meta_path.insert(0, _Leading())
sys.modules[__name__] = importlib.import_module(_NAME)
