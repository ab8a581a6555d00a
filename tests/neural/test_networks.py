"""The networks: published parameter counts, shapes, equivariance."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from clearchirp.neural.networks import (  # noqa: E402
    NETWORKS,
    Aenn,
    Ccnn2d,
    find_network,
    parameter_count,
)
from clearchirp.types import InputError  # noqa: E402

# Oswald 2023, Table I; Oswald 2023a, Table 1, but for ccnn-2d: see docs/errata.md.
PUBLISHED = {
    "g3": 800,
    "s3": 296,
    "s5": 464,
    "s7": 632,
    "s9": 800,
    "l": 38494,
    "m": 10176,
    "s": 2760,
    "xs": 780,
    "ccnn-2d": 23248,
}


@pytest.mark.parametrize("name", NETWORKS)
def test_parameters_are_as_many_as_published(name):
    assert parameter_count(NETWORKS[name].build()) == PUBLISHED[name]


@pytest.mark.parametrize("name", [n for n in NETWORKS if n != "ccnn-2d"])
@pytest.mark.parametrize("axis", [2, 3, 4])
def test_a_shifted_map_gives_the_shifted_result(name, axis):
    network = NETWORKS[name].build(seed=1)
    settle(network, torch.randn(2, 1, 6, 12, 14, dtype=torch.complex64))
    taps, layers = network.settings["kernel"][0], len(network.settings["channels"])
    reach = layers * (taps // 2)
    shape = [1, 1, 3, 3, 3]
    shape[axis] = 2 * reach + 6
    x = torch.randn(shape, dtype=torch.complex64)
    with torch.no_grad():
        one, other = network(x), network(torch.roll(x, 2, axis))
    # Away from the borders, where there are zeros outside, and from what was rolled around.
    inside = slice(reach + 2, shape[axis] - reach)
    cut = (slice(None),) * axis + (inside,)
    expected = torch.roll(one, 2, axis)[cut]
    scale = float(one.abs().max())
    assert float(expected.abs().max()) > 0.01 * scale
    torch.testing.assert_close(other[cut], expected, rtol=0, atol=1e-5 * scale)


@pytest.mark.parametrize("axis", [2, 3])
def test_the_2d_network_is_equivariant_in_range_and_doppler_alone(axis):
    network = Ccnn2d(antennas=4, channels=(8, 4, 4))
    settle(network, torch.randn(2, 4, 10, 12, dtype=torch.complex64))
    x = torch.randn(1, 4, 20, 20, dtype=torch.complex64)
    with torch.no_grad():
        one, other = network(x), network(torch.roll(x, 2, axis))
        turned = network(torch.roll(x, 1, 1))
    cut = (slice(None),) * axis + (slice(5, 17),)
    torch.testing.assert_close(other[cut], torch.roll(one, 2, axis)[cut], rtol=0, atol=1e-4)
    assert not torch.allclose(turned, torch.roll(one, 1, 1), rtol=0.1, atol=0.1)


def settle(network, x):
    """Let the running moments follow some data, then use them."""
    for _ in range(50):
        network(x)
    network.eval()


@pytest.mark.parametrize("shape", [(1, 1, 1), (16, 3, 5), (2, 20, 7)])
def test_any_size_of_map(shape):
    x = torch.randn(2, 1, *shape, dtype=torch.complex64)
    assert Aenn().eval()(x).shape == x.shape


def test_a_seed_gives_the_same_weights_and_leaves_the_global_state_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first, second = find_network("s3").build(seed=1), find_network("s3").build(seed=1)
    assert torch.equal(torch.rand(3), expected)
    one, two, other = (
        torch.nn.utils.parameters_to_vector(network.parameters())
        for network in (first, second, find_network("s3").build(seed=2))
    )
    assert torch.equal(one, two)
    assert not torch.equal(one, other)


def test_wrong_settings_are_named():
    with pytest.raises(InputError, match="network: none is called 's4'; there are g3"):
        find_network("s4")
    with pytest.raises(InputError, match="channels"):
        Aenn(channels=(4, 2))
    with pytest.raises(InputError, match="normalise_after"):
        Aenn(normalise_after=(3,))
    with pytest.raises(InputError, match="antennas"):
        Ccnn2d(antennas=8)
