"""Complex layers against SciPy, NumPy and finite differences."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import convolve as scipy_convolve

torch = pytest.importorskip("torch")

from clearchirp.neural.convolution import block_weight, convolve, outer_product  # noqa: E402
from clearchirp.neural.layers import ComplexBatchNorm, ComplexConv, ComplexRelu  # noqa: E402
from clearchirp.types import InputError  # noqa: E402

SHAPES = {1: (40,), 2: (9, 40), 3: (4, 9, 40)}


def noise(*shape, dtype=torch.complex64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=dtype, generator=generator)


def by_scipy(x, weight):
    """Zero-padded correlation of (batch, in, *axes) with (out, in, *taps), by convolution."""
    flipped = weight[(slice(None), slice(None), *(slice(None, None, -1),) * (weight.ndim - 2))]
    return np.array(
        [
            [sum(scipy_convolve(b[i], w[i], mode="same") for i in range(len(w))) for w in flipped]
            for b in x
        ]
    )


@pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128])
@pytest.mark.parametrize("kernel", [(1,), (5,), (3, 7), (3, 3, 3), (3, 5, 9), (5, 1, 3)])
def test_convolution_is_scipys(kernel, dtype):
    x = noise(2, 3, *SHAPES[len(kernel)], dtype=dtype)
    weight = noise(4, 3, *kernel, dtype=dtype, seed=1)
    result = convolve(x, weight).numpy()
    assert result.dtype == x.numpy().dtype
    precision = 1e-5 if dtype == torch.complex64 else 1e-12
    np.testing.assert_allclose(result, by_scipy(x.numpy(), weight.numpy()), atol=100 * precision)


@pytest.mark.parametrize("kernel", [(5,), (3, 7), (3, 3, 3), (3, 5, 9), (9, 7, 5)])
@pytest.mark.parametrize(("inputs", "outputs"), [(1, 4), (4, 2), (3, 1)])
def test_separable_kernels_are_their_outer_product(kernel, inputs, outputs):
    layer = ComplexConv(inputs, outputs, kernel, separable=True)
    torch.nn.init.normal_(layer.bias)
    vectors = [torch.view_as_complex(v).detach() for v in layer.vectors]
    x = noise(2, inputs, *SHAPES[len(kernel)])
    bias = torch.view_as_complex(layer.bias).detach().reshape(-1, *(1,) * len(kernel))
    generic = by_scipy(x.numpy(), outer_product(vectors).numpy()) + bias.numpy()
    np.testing.assert_allclose(layer(x).detach().numpy(), generic, atol=1e-4)


def test_the_outer_product_is_numpys():
    a, b, c = (noise(1, 1, n, seed=n) for n in (3, 5, 7))
    expected = np.einsum("i,j,k->ijk", *(v[0, 0].numpy() for v in (a, b, c)))
    np.testing.assert_allclose(outer_product([a, b, c])[0, 0].numpy(), expected, rtol=1e-5)


def test_one_real_product_with_block_weights_is_the_complex_convolution():
    x, weight = noise(2, 3, 9, 40), noise(4, 3, 3, 5, seed=1)
    parts = torch.cat([x.real, x.imag], 1)
    real, imag = torch.conv2d(parts, block_weight(weight), padding=(1, 2)).chunk(2, 1)
    result = convolve(x, weight)
    torch.testing.assert_close(result, torch.complex(real, imag), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("separable", [False, True])
@pytest.mark.parametrize("kernel", [(3,), (3, 5), (3, 1, 5)])
def test_gradients_of_convolutions(kernel, separable):
    layer = ComplexConv(2, 3, kernel, separable=separable).double()
    x = noise(2, 2, *(4, 3, 6)[-len(kernel) :], dtype=torch.complex128).requires_grad_()
    assert with_parameters(layer, x)


def test_gradients_of_a_long_row_that_spans_several_tiles():
    layer = ComplexConv(1, 1, (3, 3), separable=True).double()
    x = noise(1, 1, 4, 600, dtype=torch.complex128).requires_grad_()
    assert with_parameters(layer, x, fast_mode=True)


def test_gradients_of_normalisation():
    layer = ComplexBatchNorm(2).double()
    torch.nn.init.normal_(layer.scale)
    x = noise(3, 2, 4, 5, dtype=torch.complex128).requires_grad_()
    assert with_parameters(layer, x)
    assert with_parameters(layer.eval(), x)


def with_parameters(layer, x, **how):
    names = [name for name, _ in layer.named_parameters()]

    def run(x, *parameters):
        return torch.func.functional_call(layer, dict(zip(names, parameters, strict=True)), x)

    return torch.autograd.gradcheck(run, (x, *layer.parameters()), **how)


def test_a_layout_of_memory_and_a_conjugate_view_do_not_matter():
    x, weight = noise(2, 3, 9, 40), noise(4, 3, 3, 5, seed=1)
    strided = noise(9, 40, 3, 2).permute(3, 2, 0, 1)
    torch.testing.assert_close(
        convolve(strided, weight), convolve(strided.contiguous(), weight), rtol=0, atol=0
    )
    torch.testing.assert_close(
        convolve(x.conj(), weight), convolve(x.conj().resolve_conj(), weight), rtol=0, atol=0
    )


def test_threads_do_not_change_the_result():
    layer = ComplexConv(2, 3, (3, 3, 3), separable=True)
    x = noise(4, 2, 4, 9, 40)
    threads = torch.get_num_threads()
    results = []
    for count in (1, 3):
        torch.set_num_threads(count)
        layer.zero_grad()
        y = layer(x)
        y.abs().sum().backward()
        results.append([y.detach(), *(p.grad.clone() for p in layer.parameters())])
    torch.set_num_threads(threads)
    for one, three in zip(*results, strict=True):
        assert torch.equal(one, three)


def test_relu_of_both_parts():
    x = noise(1, 2, 50).numpy()
    expected = np.maximum(x.real, 0) + 1j * np.maximum(x.imag, 0)
    np.testing.assert_array_equal(ComplexRelu()(torch.from_numpy(x)).numpy(), expected)


def whitened(x, eps):
    """(channel, samples) with covariance identity, by an eigendecomposition each."""
    out = []
    for channel in x:
        parts = np.stack([channel.real, channel.imag])
        values, vectors = np.linalg.eigh(np.cov(parts, bias=True) + eps * np.eye(2))
        root = vectors @ np.diag(values**-0.5) @ vectors.T
        out.append(root @ (parts - parts.mean(axis=1, keepdims=True)))
    return np.array(out)


def test_normalisation_is_numpys_whitening_scaled_and_shifted():
    layer = ComplexBatchNorm(3).double()
    torch.nn.init.normal_(layer.scale)
    torch.nn.init.normal_(layer.bias)
    x = noise(4, 3, 6, 7, dtype=torch.complex128)
    x = x.real * (2 + 1j) + 1j * x.imag + torch.tensor([1.0, 2.0, 3.0]).reshape(3, 1, 1)
    columns = x.transpose(0, 1).reshape(3, -1).numpy()
    scale = layer.scale.detach().numpy()[:, [[0, 1], [1, 2]]]
    expected = scale @ whitened(columns, layer.eps) + layer.bias.detach().numpy()[:, :, None]
    result = layer(x).detach().transpose(0, 1).reshape(3, -1).numpy()
    np.testing.assert_allclose(np.stack([result.real, result.imag], 1), expected, atol=1e-10)


def test_running_moments_take_the_place_of_the_batchs():
    layer = ComplexBatchNorm(1, momentum=0.25).double()
    x = 3 + noise(4, 1, 50, dtype=torch.complex128) * 2
    batch = layer(x)
    parts = np.stack([x.real.numpy().ravel(), x.imag.numpy().ravel()])
    np.testing.assert_allclose(layer.mean[0].numpy(), 0.25 * parts.mean(axis=1), atol=1e-12)
    cov = np.cov(parts, bias=True)
    expected = 0.75 * np.array([1, 0, 1]) + 0.25 * np.array([cov[0, 0], cov[0, 1], cov[1, 1]])
    np.testing.assert_allclose(layer.covariance[0].numpy(), expected, atol=1e-12)
    for _ in range(100):
        layer(x)
    torch.testing.assert_close(layer.eval()(x), batch)


def test_five_numbers_a_normalised_channel_and_two_a_complex_weight():
    assert sum(p.numel() for p in ComplexBatchNorm(7).parameters()) == 35
    generic = ComplexConv(2, 3, (3, 5))
    assert sum(p.numel() for p in generic.parameters()) == 2 * (2 * 3 * 15 + 3)
    separable = ComplexConv(2, 3, (3, 5), separable=True, bias=False)
    assert sum(p.numel() for p in separable.parameters()) == 2 * 2 * 3 * (3 + 5)


@pytest.mark.parametrize("separable", [False, True])
def test_weights_begin_so_that_power_is_kept(separable):
    torch.manual_seed(0)
    x = noise(1, 4, 8, 16, 200)
    powers = [
        ComplexConv(4, 8, (3, 3, 3), separable=separable)(x)[..., 1:-1, 1:-1, 1:-1].abs().square()
        for _ in range(20)
    ]
    assert 0.6 < float(torch.stack(powers).detach().mean()) < 1.6


@pytest.mark.parametrize("kernel", [(), (2,), (3, 4), (3, 3, 3, 3), (0,)])
def test_a_kernel_is_odd_and_has_one_to_three_axes(kernel):
    with pytest.raises(InputError, match="kernel"):
        ComplexConv(1, 1, kernel)
