"""Exports a small torch module through iree.turbine, compiles it, and checks what it computes."""

import warnings

import iree.compiler
import iree.runtime
import iree.turbine.aot as aot
import numpy as np
import pytest
import torch


class Affine(torch.nn.Module):  # type: ignore[misc]
    """relu(W x + b) with weights that binary floating point represents exactly."""

    def __init__(self) -> None:
        """Sets W and b."""
        super().__init__()
        self.weight = torch.nn.Parameter(torch.arange(12, dtype=torch.float32).reshape(3, 4) / 8)
        self.bias = torch.nn.Parameter(torch.tensor([0.5, -1.0, 2.0]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Computes the result."""
        return torch.relu(torch.nn.functional.linear(x, self.weight, self.bias))


@pytest.mark.parametrize("seed", [0, 1])
def test_an_exported_module_computes_the_same_as_torch(seed: int) -> None:
    torch.manual_seed(seed)
    module, x = Affine(), torch.randn(2, 4)
    binary = aot.export(module, args=(x,)).compile(save_to=None)
    assert binary is not None
    config = iree.runtime.Config("local-task")
    loaded = iree.runtime.load_vm_module(
        iree.runtime.VmModule.copy_buffer(config.vm_instance, binary.map_memory()), config
    )
    computed = loaded.main(x.numpy()).to_host()
    np.testing.assert_allclose(computed, module(x).detach().numpy(), rtol=1e-5, atol=1e-6)


def test_shark_turbine_imports_the_same_modules() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        import shark_turbine.aot
    assert shark_turbine.aot is aot
    assert aot.__spec__ is not None
    assert aot.__spec__.name == "iree.turbine.aot"
    assert "iree.turbine" in str(caught[0].message)
