"""The lp term of the paper's second phase makes the weights of L5 and L6 sparse."""

import tomllib

from imgclean_mscnn.network import MSCNN
from mscnn_material import small_paper
from training_material import train

NEAR = 1e-3


def share_near_zero(network):
    """Return the share of weights near 0 in L5 and in L6."""
    layers = (network.reconstruction[0], network.reconstruction[2])
    return [float((layer.weight.abs() < NEAR).float().mean()) for layer in layers]


def test_the_lp_term_drives_weights_of_the_fifth_and_sixth_layer_to_zero(tmp_path):
    second = tomllib.loads(small_paper(tmp_path / "small.toml", steps=1, ahead=0).read_text())
    terms = {each["kind"]: each for each in second["stages"][1]["loss"]}
    penalty = terms["weight_penalty"] | {"weight": 1e-3}
    shares = {}
    for name, loss in {"without": [terms["mse"]], "with": [terms["mse"], penalty]}.items():
        trained = train(
            tmp_path / name,
            network=MSCNN(1),
            freeze=tuple(second["stages"][1]["freeze"]),
            noise=second["noise"],
            loss=loss,
            batch=1,
            ema=0.0,
            budget={"steps": 60},
            optimiser=second["optimiser"] | {"lr": 3e-3},
        )
        shares[name] = share_near_zero(trained.network)
    for without, with_it in zip(shares["without"], shares["with"], strict=True):
        assert without < 0.05
        assert with_it > 0.2
