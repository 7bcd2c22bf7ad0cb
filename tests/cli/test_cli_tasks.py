"""`--task deblock` and `--task upscale` on the command line."""

import numpy as np
import pytest
import tifffile
from material import noise_image, write_small_set
from PIL import Image
from skimage.data import astronaut

import imgclean as api

THREE_TASKS = "gaussian:0-55|bicubic:2|bicubic:3|jpeg:5-99"


@pytest.fixture(scope="module")
def three_tasks(tmp_path_factory):
    """A gray set for three tasks that is quick to run and changes little."""
    folder = tmp_path_factory.mktemp("sets") / "three"
    return write_small_set(folder, channels=1, noise=THREE_TASKS, spoil=calm)


def calm(network):
    network.layers[-1].weight.data *= 0.05


def photo(path, size=(96, 64), **how):
    Image.fromarray(astronaut()).resize(size).save(path, **how)


def chroma(image):
    return np.asarray(image.convert("YCbCr"))[:, :, 1:].astype(int)


def distance(image, other):
    """Return the mean squared difference of two gray images."""
    return np.mean((np.asarray(image, float) - np.asarray(other, float)) ** 2)


def test_a_folder_is_enlarged_and_says_so(imgclean, tmp_path, three_tasks):
    (tmp_path / "photos").mkdir()
    photo("photos/a.png", dpi=(300, 300))
    Image.fromarray(noise_image(20, 30, 1)[..., 0]).save("photos/gray.png")
    run = imgclean(
        "denoise", "photos", "--task", "upscale", "--scale", 3, "--weights", three_tasks, "--json"
    )
    assert run.code == 0, run.stderr
    done = {line["input"]: (line["width"], line["height"]) for line in run.events("done")}
    assert done == {"photos/a.png": (288, 192), "photos/gray.png": (90, 60)}
    assert "gets the luma of colour images; their chroma stays" in run.stderr
    assert "DomainMismatch" not in run.stdout
    with Image.open("photos-clean/a.png") as large:
        assert large.size == (288, 192)
        assert large.info["dpi"] == pytest.approx((900, 900), abs=0.1)
        assert "upscale by 3" in str(large.info)
    with Image.open("photos-clean/gray.png") as gray:
        assert (gray.mode, gray.size) == ("L", (90, 60))


@pytest.mark.parametrize(
    ("task", "weights"),
    [
        (("deblock",), "dnresnet-jpeg"),
        (("upscale", "--scale", 2), "dncnn-three-tasks"),
    ],
)
def test_by_default_an_embedded_set_for_the_task_does_it_well(imgclean, task, weights):
    whole = Image.fromarray(astronaut()).crop((160, 0, 352, 192)).convert("L")
    whole.save("compressed.jpg", quality=10)
    whole.resize((96, 96), Image.Resampling.BICUBIC).save("small.png")
    bad = {"deblock": "compressed.jpg", "upscale": "small.png"}[task[0]]
    run = imgclean("denoise", bad, "-o", "good.png", "--task", *task, "--json")
    assert run.code == 0, run.stderr
    assert [line["weights"] for line in run.events("done")] == [weights]
    with Image.open(bad) as before, Image.open("good.png") as after:
        plain = before.resize(whole.size, Image.Resampling.BICUBIC)
        assert distance(after, whole) < 0.9 * distance(plain, whole)


def test_chroma_is_enlarged_bicubically_and_luma_by_the_model(imgclean, three_tasks):
    photo("a.png")
    run = imgclean("denoise", "a.png", "--task", "upscale", "--scale", 2, "-w", three_tasks)
    assert run.code == 0, run.stderr
    with Image.open("a.png") as small, Image.open("a-clean.png") as large:
        plain = small.resize((192, 128), Image.Resampling.BICUBIC)
        assert np.abs(chroma(large) - chroma(plain)).max() <= 6  # PIL rounds, and clips overshoot
        assert np.abs(chroma(large) - chroma(plain)).mean() < 0.6
        luma = np.asarray(large.convert("L"), int) - np.asarray(plain.convert("L"), int)
        assert np.abs(luma).mean() > 0.5


def test_deblocking_keeps_size_and_chroma_and_does_not_bring_the_blocks_back(imgclean, three_tasks):
    photo("a.jpg", quality=10, subsampling=0)
    run = imgclean("denoise", "a.jpg", "--task", "deblock", "--weights", three_tasks)
    assert run.code == 0, run.stderr
    with Image.open("a.jpg") as noisy, Image.open("a-clean.jpg") as clean:
        assert clean.size == noisy.size
        assert sum(clean.quantization[0]) < sum(noisy.quantization[0]) / 5
        assert np.abs(chroma(clean) - chroma(noisy)).mean() < 1
    again = imgclean(
        *("denoise", "a.jpg", "--task", "deblock", "--weights", three_tasks),
        *("-o", "b.jpg", "--quality", 10),
    )
    assert again.code == 0
    with Image.open("a.jpg") as noisy, Image.open("b.jpg") as clean:
        assert clean.quantization[0] == noisy.quantization[0]


def test_pages_of_a_tiff_do_not_bring_their_blocks_back_either(imgclean, three_tasks):
    page = np.asarray(Image.fromarray(astronaut()).resize((96, 64)))
    how = {"compression": "jpeg", "photometric": "rgb", "compressionargs": {"level": 10}}
    tifffile.imwrite("a.tif", np.stack([page, page]), **how)
    assert imgclean("denoise", "a.tif", "--task", "deblock", "--weights", three_tasks).code == 0
    with tifffile.TiffFile("a.tif") as noisy, tifffile.TiffFile("a-clean.tif") as clean:
        assert len(clean.pages) == 2
        assert clean.pages[1].databytecounts[0] > 2 * noisy.pages[1].databytecounts[0]


def test_a_fine_jpeg_keeps_its_tables_when_it_is_deblocked(imgclean, three_tasks):
    photo("a.jpg", quality=98, subsampling=0)
    assert imgclean("denoise", "a.jpg", "--task", "deblock", "-w", three_tasks).code == 0
    with Image.open("a.jpg") as noisy, Image.open("a-clean.jpg") as clean:
        assert clean.quantization == noisy.quantization


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--task", "upscale"], "add --scale 2, --scale 3 or --scale 4"),
        (["--scale", "2"], "add --task upscale"),
        (["--task", "deblock", "--scale", "2"], "add --task upscale"),
        (["--task", "deblock", "--sigma", "25"], "--sigma 25 is for noise"),
        (["--task", "upscale", "--scale", "5"], "Invalid value for '--scale'"),
        (["--task", "sharpen"], "sharpen"),
    ],
)
def test_settings_that_belong_to_another_task_are_refused(imgclean, options, message):
    photo("a.png")
    run = imgclean("denoise", "a.png", *options)
    assert run.code == 2
    assert message in run.stderr.replace("│", "")


def test_a_set_that_never_learnt_the_task_is_refused(imgclean, small_set):
    photo("a.png")
    run = imgclean("denoise", "a.png", "--task", "deblock", "--weights", small_set)
    assert run.code == 2
    assert "was trained for gaussian:0-55, not to deblock" in run.stderr


def test_a_scale_that_the_set_never_saw_has_a_warning(imgclean, three_tasks):
    photo("a.png", (20, 20))
    run = imgclean("denoise", "a.png", "--task", "upscale", "--scale", 4, "-w", three_tasks)
    assert run.code == 0
    assert f"was trained for {THREE_TASKS}, not to upscale by 4" in run.stderr


def test_each_task_is_done_once_to_an_image(imgclean, three_tasks):
    photo("a.png", (20, 20))
    common = ("--weights", three_tasks, "--json")
    enlarge = ("--task", "upscale", "--scale", 2, *common)
    assert imgclean("denoise", "a.png", "-o", "b.png", *enlarge).events("done")
    assert imgclean("denoise", "b.png", "-o", "c.png", *common).events("done")  # it has its noise
    (skipped,) = imgclean("denoise", "c.png", "-o", "d.png", *enlarge).events("skipped")
    assert "--again" in skipped["message"]
    assert imgclean("denoise", "c.png", "-o", "d.png", "--again", *enlarge).events("done")


def test_workers_enlarge_as_one_process_does(imgclean, tmp_path, three_tasks):
    (tmp_path / "photos").mkdir()
    for name in "ab":
        photo(f"photos/{name}.png", (24, 16), dpi=(72, 72))
    enlarge = ("denoise", "photos", "--task", "upscale", "--scale", 2, "-w", three_tasks)
    shared = imgclean(*enlarge, "-o", "shared", "--device", "cpu,cpu")
    assert shared.code == 0, shared.stderr
    assert imgclean(*enlarge, "-o", "alone").code == 0
    for name in "ab":
        one, other = (tmp_path / folder / f"{name}.png" for folder in ("shared", "alone"))
        assert one.read_bytes() == other.read_bytes()


def test_python_enlarges_as_the_command_line_does(imgclean, three_tasks):
    photo("a.png", (30, 20))
    enlarge = {"task": "upscale", "scale": 2, "weights": str(three_tasks)}
    assert (
        imgclean(
            "denoise", "a.png", "--task", "upscale", "--scale", 2, "--weights", three_tasks
        ).code
        == 0
    )
    with Image.open("a.png") as small, Image.open("a-clean.png") as large:
        array = api.denoise(np.asarray(small), **enlarge)
        assert (array == np.asarray(large)).all()
    assert api.denoise(np.zeros((5, 6), np.uint16), **enlarge).shape == (10, 12)
    assert api.denoise(np.zeros((5, 6, 4), np.float32), **enlarge).shape == (10, 12, 4)
    with pytest.raises(api.errors.InvalidSetting, match="how far"):
        api.denoise(np.zeros((5, 6)), task="upscale")
