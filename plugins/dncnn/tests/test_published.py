from imgclean_dncnn import DNCNN

from imgclean.degradation.parsing import parse_degradation


def test_every_figure_is_of_a_degradation_of_one_level_that_its_training_covers():
    for figure in DNCNN.published:
        degradation = parse_degradation(figure.degradation)
        assert not degradation.blind
        assert parse_degradation(figure.trained_on).covers(degradation)


def test_no_two_figures_are_of_the_same():
    keys = {
        (each.system, each.set, each.degradation, each.channels, each.trained_on)
        for each in DNCNN.published
    }
    assert len(keys) == len(DNCNN.published)
