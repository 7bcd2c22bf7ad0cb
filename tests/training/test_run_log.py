import csv
import io
import math
import resource
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from imgclean.errors import RunUnwritable
from imgclean.training import log as log_module
from imgclean.training.log import RunLog
from imgclean.training.log_table import COLUMNS, HEAD_START, LogTable, Place
from imgclean.training.pictures import GAP, side_by_side


def row(stage, step, **more):
    base = {"seconds": 0.5, "share": step / 10, "rate": 1e-3, "loss": 1 / (step + 1), "psnr": 30.1}
    return {"stage": stage, "step": step} | base | more


def rows(folder):
    with (folder / "log.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def write_run(folder, wanted, *, resume_from=None):
    log = RunLog(folder, resume_from=resume_from)
    for each in wanted:
        log.write(each)


def place_of(row):
    return Place(row["stage"], row["step"], row.get(HEAD_START, math.inf))


# Terms, validation and discriminator come and go, as they do in a run of three stages.
RUN = [
    *(row(0, step, mse=0.1) for step in (10, 20, 30)),
    *(row(1, step, mse=0.1, gradient=0.2) for step in (10, 20)),
    {"stage": 1, "step": 20, "psnr set12": 28.123456789},
    *({"stage": 2, "step": 0, HEAD_START: each, "psnr": 20.5} for each in (50, 100)),
    {"stage": 2, "step": 0, "psnr set12": 28.5},
    row(2, 10, mse=0.1, discriminator_accuracy=0.96),
    row(2, 20, mse=0.1, **{"psnr set12": 29.0}),
]


def test_rows_read_back_with_columns_in_the_order_in_which_they_came(tmp_path):
    write_run(tmp_path, RUN)
    found = rows(tmp_path)
    later = ["mse", "gradient", "psnr set12", HEAD_START, "discriminator_accuracy"]
    assert list(found[0]) == [*COLUMNS, *later]
    for written, read in zip(RUN, found, strict=True):
        assert {name: float(each) for name, each in read.items() if each} == written


# The fifth row's step has another row, which its checkpoint comes after.
@given(
    st.sampled_from([0, 1, 2, 3, 4, *range(6, len(RUN) + 1)]),
    st.integers(0, len(RUN)),
    st.integers(0, 400),
)
def test_a_resumed_runs_log_is_that_of_an_undisturbed_one(tmp_path_factory, saved, more, torn):
    folder = tmp_path_factory.mktemp("run")
    write_run(folder / "a", RUN)
    reached = RUN[: saved + more]
    write_run(folder / "b", reached)
    if reached:
        path = folder / "b" / "log.csv"
        content = path.read_bytes()
        kept = len(b"".join(content.splitlines(keepends=True)[: saved + 1]))
        path.write_bytes(content[: max(kept, len(content) - torn)])
    place = place_of(RUN[saved - 1]) if saved else None
    rest = [each for each in RUN if place is None or place_of(each) > place]
    write_run(folder / "b", rest, resume_from=place)
    assert (folder / "b" / "log.csv").read_bytes() == (folder / "a" / "log.csv").read_bytes()


@pytest.mark.parametrize("rubbish", [b"1,30,0.5", b"1,30\n", b"\0" * 300, b"\xff\xfe,,\n", b'"\n1'])
def test_what_a_crash_left_behind_the_last_row_is_dropped(tmp_path, rubbish):
    write_run(tmp_path, RUN[:3])
    whole = (tmp_path / "log.csv").read_bytes()
    (tmp_path / "log.csv").write_bytes(whole + rubbish)
    write_run(tmp_path, RUN[3:], resume_from=Place(0, 30))
    write_run(tmp_path / "undisturbed", RUN)
    assert rows(tmp_path) == rows(tmp_path / "undisturbed")


def test_a_run_that_begins_anew_drops_what_was_there(tmp_path):
    write_run(tmp_path, RUN)
    write_run(tmp_path, RUN[:1])
    assert [each["step"] for each in rows(tmp_path)] == ["10"]
    assert list(rows(tmp_path)[0]) == [*COLUMNS, "mse"]


def test_a_killed_run_leaves_every_row_but_the_last(tmp_path):
    script = (
        "import sys; from pathlib import Path; from imgclean.training.log import RunLog\n"
        "log = RunLog(Path(sys.argv[1]))\n"
        "step = 0\n"
        "while True:\n"
        "    step += 1\n"
        "    late = {'l1': 1} if step > 50 else {}\n"
        "    log.write({'stage': 0, 'step': step, 'loss': 0.5} | late)\n"
        "    print(step, flush=True)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    for line in child.stdout:
        if line == "120\n":
            break
    child.send_signal(signal.SIGKILL)
    told = [*range(1, 121), *map(int, child.stdout.read().split())]
    child.wait()
    child.stdout.close()
    kept = LogTable(tmp_path / "log.csv", Place(0, told[-1]))
    kept.add({"stage": 0, "step": told[-1] + 1})
    assert [int(each["step"]) for each in rows(tmp_path)] == [*told, told[-1] + 1]
    assert not list(tmp_path.glob(".imgclean-*"))


@pytest.fixture
def full_disk():
    """Let no file of this process grow beyond a size, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size or before[0], before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("events", [True, False])
def test_a_full_disk_loses_rows_and_no_others(tmp_path, monkeypatch, full_disk, events):
    if not events:
        monkeypatch.setattr(log_module, "has_tensorboard", lambda: False)
    log = RunLog(tmp_path)
    log.write(row(0, 1))
    full_disk((tmp_path / "log.csv").stat().st_size + 9)
    with pytest.raises(RunUnwritable, match="cannot be written"):
        log.write(row(0, 2))
    with pytest.raises(RunUnwritable):
        log.write(row(0, 3, l1=0.5))
    full_disk(None)
    log.write(row(0, 4))
    assert [each["step"] for each in rows(tmp_path)] == ["1", "4"]
    assert list(rows(tmp_path)[0]) == [*COLUMNS]


def test_a_folder_that_vanishes_and_comes_back_ends_nothing(tmp_path):
    folder = tmp_path / "run"
    log = RunLog(folder)
    log.write(row(0, 1))
    shutil.rmtree(folder)
    folder.write_text("a file in its place")
    with pytest.raises(RunUnwritable, match="run: cannot be written"):
        log.write(row(0, 2))
    with pytest.raises(RunUnwritable, match="run: cannot be written"):
        log.picture("a", 2, np.zeros((4, 4, 3), np.uint8))
    folder.unlink()
    log.write(row(0, 3))
    assert [each["step"] for each in rows(folder)] == ["3"]


def test_a_log_that_cannot_be_read_is_a_typed_error(tmp_path):
    (tmp_path / "log.csv").mkdir()
    with pytest.raises(RunUnwritable):
        RunLog(tmp_path, resume_from=Place(0, 1))


def events(folder, stage=0):
    """Return what TensorBoard would read of a stage, oldest first, and check every checksum."""
    event_pb2 = pytest.importorskip("tensorboardX.proto.event_pb2")
    record_writer = pytest.importorskip("tensorboardX.record_writer")
    for path in sorted((folder / "tensorboard" / f"stage-{stage}").iterdir(), key=written):
        data = io.BytesIO(path.read_bytes())
        while length := data.read(8):
            assert data.read(4) == record_writer.masked_crc32c(length).to_bytes(4, "little")
            content = data.read(int.from_bytes(length, "little"))
            assert data.read(4) == record_writer.masked_crc32c(content).to_bytes(4, "little")
            yield event_pb2.Event.FromString(content)


def written(path):
    return path.stat().st_mtime_ns


def shown(folder, stage=0):
    """Return steps and scalars that TensorBoard shows: a start hides what has reached its step."""
    kept = []
    for event in events(folder, stage):
        if event.HasField("session_log"):
            kept = [each for each in kept if each[0] < event.step]
        kept += [(event.step, each.tag, each.simple_value) for each in event.summary.value]
    return kept


def test_tensorboard_gets_the_numbers_of_every_stage(tmp_path):
    write_run(tmp_path, RUN)
    assert next(iter(events(tmp_path))).file_version == "brain.Event:2"
    assert (20, "psnr set12", pytest.approx(28.123456789)) in shown(tmp_path, 1)
    assert {each[1] for each in shown(tmp_path, 0)} == {*COLUMNS, "mse"} - {"stage", "step"}
    assert [each[0] for each in shown(tmp_path, 2) if each[1] == "loss"] == [10, 20]


def test_a_resumed_runs_events_hide_those_after_the_checkpoint(tmp_path):
    write_run(tmp_path / "a", RUN)
    write_run(tmp_path / "b", RUN)
    write_run(tmp_path / "b", RUN[4:], resume_from=Place(1, 10))
    for stage in range(3):
        assert shown(tmp_path / "b", stage) == shown(tmp_path / "a", stage)


def test_without_tensorboardx_the_table_goes_on(tmp_path):
    script = (
        "import sys; sys.modules['tensorboardX'] = None\n"
        "from pathlib import Path\n"
        "from imgclean.training.log import RunLog, has_tensorboard\n"
        "assert not has_tensorboard()\n"
        "RunLog(Path(sys.argv[1])).write({'stage': 0, 'step': 1})\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [each.name for each in tmp_path.iterdir()] == ["log.csv"]


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_is_on_disk_and_in_tensorboard(tmp_path, channels):
    image = np.random.default_rng(0).integers(0, 256, (5, 9, channels), np.uint8)
    log = RunLog(tmp_path)
    log.picture("set/a b", 20, image)
    log.picture("x" * 300, 5, image, stage=1)
    path = tmp_path / "pictures" / "0000020-set-a-b.png"
    assert np.array_equal(np.asarray(Image.open(path)).reshape(image.shape), image)
    assert (tmp_path / "pictures" / f"stage-1-0000005-{'x' * 100}.png").exists()
    (value,) = [each for event in events(tmp_path) for each in event.summary.value]
    assert (value.tag, value.image.height, value.image.width) == ("set-a-b", 5, 9)
    assert value.image.encoded_image_string == path.read_bytes()


@pytest.mark.parametrize("channels", [1, 3])
def test_images_stand_side_by_side_clamped_with_white_between(channels):
    noisy = torch.full((channels, 3, 5), -0.2)
    output = torch.full((channels, 3, 5), 1.5)
    truth = torch.rand(channels, 3, 5)
    picture = side_by_side(noisy, output, truth)
    assert picture.dtype == np.uint8
    assert picture.shape == (3, 3 * 5 + 2 * GAP, channels)
    assert (picture[:, :5] == 0).all()
    assert (picture[:, 5 : 5 + GAP] == 255).all()
    levels = (truth * 255).round().permute(1, 2, 0).numpy()
    assert np.array_equal(picture[:, -5:], levels)
