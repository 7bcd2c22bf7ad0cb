import torch

from imgclean.inference.finish import Finish
from imgclean.inference.tile_functions import averaging_orientations


def test_the_ensemble_does_not_depend_on_the_orientation_of_its_input():
    torch.manual_seed(0)
    convolution = torch.nn.Conv2d(3, 3, 3, padding=1)
    average = averaging_orientations(convolution)
    x = torch.rand(1, 3, 17, 23)
    with torch.inference_mode():
        upright = average(x)
        turned = torch.rot90(average(torch.rot90(x, 1, (2, 3))), -1, (2, 3))
        mirrored = average(x.flip(3)).flip(3)
        plain = convolution(x)
    torch.testing.assert_close(upright, turned)
    torch.testing.assert_close(upright, mirrored)
    assert not torch.allclose(upright, plain, atol=1e-3)


def test_the_ensemble_of_the_identity_is_the_identity():
    x = torch.rand(1, 1, 9, 14)
    torch.testing.assert_close(averaging_orientations(lambda each: each)(x), x)


def test_strength_blends_linearly_between_input_and_output():
    x = torch.rand(1, 3, 4, 4)

    def darker(each):
        return each - 0.5

    torch.testing.assert_close(Finish(strength=1.0).around(darker)(x), x - 0.5)
    torch.testing.assert_close(Finish(strength=0.25).around(darker)(x), x - 0.125)
    torch.testing.assert_close(Finish(strength=0.0).around(darker)(x), x)
