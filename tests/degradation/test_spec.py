import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgclean.degradation.base import Levels
from imgclean.degradation.parsing import parse_degradation
from imgclean.degradation.spec import (
    Bicubic,
    Camera,
    Chain,
    Choice,
    Gaussian,
    Jpeg,
    Jpeg2000,
    Pairs,
    Poisson,
    PoissonGaussian,
)
from imgclean.errors import InvalidSetting

THREE_TASKS = "gaussian:0-55|bicubic:2|bicubic:3|bicubic:4|jpeg:5-99"


def ranges(numbers):
    return st.tuples(numbers, numbers).map(sorted).map(lambda ends: Levels(*ends))


SIGMA = ranges(st.floats(0, 255))
PEAK = ranges(st.floats(0.01, 1e6))
KINDS = st.one_of(
    st.builds(Gaussian, SIGMA),
    st.builds(Poisson, PEAK),
    st.builds(PoissonGaussian, PEAK, SIGMA),
    st.builds(Jpeg, ranges(st.integers(1, 100).map(float))),
    st.builds(Jpeg2000, ranges(st.floats(0.01, 24))),
    st.builds(Bicubic, st.sampled_from([2, 3, 4])),
)
PHOTOGRAPHS = st.one_of(st.just(Camera()), st.builds(Camera, ranges(st.floats(1, 409600))))
CHAINS = st.one_of(
    st.lists(KINDS, min_size=2, max_size=3).map(tuple).map(Chain),
    st.tuples(PHOTOGRAPHS, KINDS).map(Chain),
)
SINGLE = st.one_of(KINDS, PHOTOGRAPHS, CHAINS, st.just(Pairs()))
DEGRADATIONS = st.one_of(SINGLE, st.lists(SINGLE, min_size=2, max_size=4).map(tuple).map(Choice))


def covers(domain, other):
    return parse_degradation(domain).covers(parse_degradation(other))


@given(DEGRADATIONS)
def test_a_spec_reads_back_as_it_was_written(degradation):
    assert parse_degradation(str(degradation)) == degradation


@given(DEGRADATIONS)
def test_every_domain_covers_itself_and_the_levels_at_which_it_is_measured(degradation):
    assert degradation.covers(degradation)
    assert all(degradation.covers(level) for level in degradation.paper_levels())
    assert not any(level.blind for level in degradation.paper_levels())


def test_plus_binds_tighter_than_bar_and_spaces_do_not_matter():
    assert parse_degradation(" gaussian:5 + jpeg:30 | poisson:4 ") == Choice(
        (Chain((Gaussian.at(5), Jpeg.at(30))), Poisson.at(4))
    )


WRONG = [
    *("", "x", "gaussian", "gaussian:-5", "gaussian:30-20", "gaussian:300", "gaussian:1,2"),
    *("poisson:0", "poisson-gaussian:4", "jpeg:0", "jpeg:10.5", "jpeg:5-101", "jpeg2000:0"),
    *("camera:", "camera:0", "camera:400-100", "camera:500000", "camera:100,200"),
    *("bicubic:5", "bicubic:2-4", "gaussian:25|", "gaussian:25+", "pairs+jpeg:10", "pairs:1"),
]


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_spec_is_refused_with_every_form(text):
    with pytest.raises(InvalidSetting) as caught:
        parse_degradation(text)
    hint = caught.value.hint
    for kind in ("gaussian:25", "poisson:4", "poisson-gaussian:10,25", "jpeg:10", "jpeg2000:0.3"):
        assert kind in hint
        parse_degradation(kind)
    words = ("bicubic:3", "camera", "camera:1600", "pairs", "a+b", "a|b")
    assert all(word in hint for word in words)


def test_a_level_that_is_out_of_range_is_refused_with_the_range_of_its_kind_alone():
    with pytest.raises(InvalidSetting, match=r"; jpeg takes whole numbers from 1 to 100$"):
        parse_degradation("gaussian:25+jpeg:0")
    with pytest.raises(InvalidSetting, match=r"; gaussian takes .* from 0 to 255$"):
        parse_degradation("gaussian:300|pairs")

    with pytest.raises(InvalidSetting, match=r"; camera takes .* from 1 to 409600$"):
        parse_degradation("camera:0+jpeg:80")


@pytest.mark.parametrize(
    "text", ["gaussian:5+camera", "jpeg:80|poisson:4 + camera:100", "camera+camera"]
)
def test_a_camera_that_is_not_first_is_refused_with_the_reason(text):
    with pytest.raises(InvalidSetting, match="clean scene, so that it comes first") as caught:
        parse_degradation(text)
    assert text.rpartition("|")[2] in str(caught.value)
    for spec in ("camera+jpeg:80", "gaussian:25|camera"):
        assert spec in caught.value.hint
        parse_degradation(spec)


def test_a_camera_without_a_number_draws_from_every_usual_sensitivity():
    assert str(parse_degradation("camera:25-25600")) == "camera"
    assert str(parse_degradation("camera:1600")) == "camera:1600"
    assert covers("camera", "camera:100-400")
    assert covers("camera", "camera:25600")
    assert not covers("camera", "camera:25601")
    assert not covers("camera:100-400", "camera")
    assert covers("camera:1600", "camera:1700")
    assert not covers("camera:1600", "camera:3200")
    assert not covers("camera", "gaussian:25")


def test_a_known_level_holds_within_ten_per_cent_and_a_range_holds_its_ends():
    assert covers("gaussian:25", "gaussian:27")
    assert not covers("gaussian:25", "gaussian:29")
    assert not covers("gaussian:25", "gaussian:20-30")
    assert covers("gaussian:0-55", "gaussian:55")
    assert not covers("gaussian:0-55", "gaussian:56")
    assert not covers("gaussian:0-55", "gaussian:0-56")


def test_one_jpeg_quality_says_nothing_of_its_neighbours():
    assert not covers("jpeg:98", "jpeg:99")


def test_another_kind_is_not_covered():
    assert not covers("gaussian:0-55", "poisson:4")
    assert not covers("bicubic:2", "bicubic:3")
    assert not covers("pairs", "gaussian:25")


def test_shot_and_read_noise_of_any_level_hold_shot_noise_alone():
    assert covers("poisson-gaussian:4-120,0-25", "poisson:30")
    assert covers("poisson-gaussian:4-120,0-25", "poisson:4-120")
    assert not covers("poisson-gaussian:4-120,0-25", "poisson:3")
    assert not covers("poisson-gaussian:4-120,5-25", "poisson:30")
    assert not covers("poisson:4-120", "poisson-gaussian:30,5")


def test_a_choice_covers_with_any_part_and_is_covered_with_every_part():
    assert covers(THREE_TASKS, "jpeg:10")
    assert covers(THREE_TASKS, "bicubic:3|gaussian:15")
    assert not covers(THREE_TASKS, "bicubic:3|poisson:4")
    assert not covers("jpeg:5-99", THREE_TASKS)


def test_a_chain_covers_part_by_part_in_its_order():
    assert covers("gaussian:0-55+jpeg:5-99", "gaussian:25+jpeg:10")
    assert not covers("gaussian:0-55+jpeg:5-99", "jpeg:10+gaussian:25")
    assert not covers("gaussian:0-55+jpeg:5-99", "jpeg:10")


@pytest.mark.parametrize(
    ("text", "blind", "task", "tasks"),
    [
        ("gaussian:25", False, "denoise", {"denoise"}),
        ("poisson:1-8", True, "denoise", {"denoise"}),
        ("poisson-gaussian:4,0-20", True, "denoise", {"denoise"}),
        ("jpeg:10", False, "deblock", {"deblock"}),
        ("jpeg2000:0.1-1", True, "deblock", {"deblock"}),
        ("bicubic:4", False, "upscale", {"upscale"}),
        ("pairs", True, "denoise", {"denoise"}),
        ("camera", True, "denoise", {"denoise"}),
        ("camera:1600", False, "denoise", {"denoise"}),
        ("camera+jpeg:80", True, "deblock", {"deblock"}),
        ("bicubic:2+jpeg:10+gaussian:5", False, "deblock", {"deblock"}),
        ("poisson:4+gaussian:5", False, "denoise", {"denoise"}),
        ("jpeg:10|jpeg:20", True, "deblock", {"deblock"}),
        (THREE_TASKS, True, "denoise", {"denoise", "deblock", "upscale"}),
    ],
)
def test_a_degradation_says_whether_it_varies_and_what_undoes_it(text, blind, task, tasks):
    degradation = parse_degradation(text)
    assert degradation.blind == blind
    assert degradation.task == task
    assert degradation.tasks == tasks


@pytest.mark.parametrize(
    ("domain", "levels"),
    [
        ("gaussian:30", "gaussian:30"),
        ("gaussian:0-55", "gaussian:15 gaussian:25 gaussian:50"),
        ("gaussian:20-55", "gaussian:25 gaussian:50"),
        ("gaussian:0-10", "gaussian:10"),
        ("gaussian:60-80", "gaussian:60 gaussian:80"),
        ("jpeg:15-99", "jpeg:20 jpeg:30 jpeg:40"),
        ("poisson:1-5", "poisson:1 poisson:2 poisson:4"),
        ("poisson-gaussian:2-5,0-50", "poisson-gaussian:2,25.5 poisson-gaussian:5,25.5"),
        ("jpeg2000:0.1-0.5", "jpeg2000:0.15 jpeg2000:0.3"),
        ("gaussian:20-30+jpeg:10-20", "gaussian:25+jpeg:10 gaussian:25+jpeg:20"),
        ("gaussian:25|gaussian:20-30|bicubic:2", "gaussian:25 bicubic:2"),
        ("camera", "camera:1600"),
        ("camera:150-350", "camera:150 camera:350"),
        ("pairs", ""),
    ],
)
def test_a_domain_is_measured_at_the_papers_levels_or_at_its_ends(domain, levels):
    assert [str(each) for each in parse_degradation(domain).paper_levels()] == levels.split()
