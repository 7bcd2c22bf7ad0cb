import torch
from torch import nn

from imgclean.inference.folding import fold_batch_norm


def randomised(network):
    torch.manual_seed(1)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight)
            nn.init.normal_(module.bias)
            nn.init.normal_(module.running_mean)
            nn.init.uniform_(module.running_var, 0.5, 2)
    return network.eval()


def test_folding_keeps_the_function_and_removes_the_norm():
    network = randomised(
        nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1, bias=False),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8)),
            nn.Conv2d(8, 3, 3, padding=1),
        )
    )
    x = torch.rand(2, 3, 16, 16)
    with torch.inference_mode():
        before = network(x)
        fold_batch_norm(network)
        torch.testing.assert_close(network(x), before, atol=1e-5, rtol=1e-5)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in network.modules())


def test_a_norm_that_follows_no_convolution_stays():
    network = randomised(nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 3, 1), nn.ReLU()))
    fold_batch_norm(network)
    assert isinstance(network[0], nn.BatchNorm2d)
