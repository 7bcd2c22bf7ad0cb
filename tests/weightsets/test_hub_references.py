"""`hf://...`: read as it is written, and refused where it could mean something else."""

import pytest
from huggingface_hub.utils import validate_repo_id
from hypothesis import given
from hypothesis import strategies as st

from imgclean.errors import InvalidSetting
from imgclean.weightsets.hub.intended import intended_reference
from imgclean.weightsets.hub.reference import (
    HubReference,
    is_commit,
    is_hub_reference,
    is_plain_path,
    is_repository,
    parse_hub_reference,
)

COMMIT = "3bb1f2a95321781343331069776c3eba98707a56"
part = st.from_regex(r"\A[A-Za-z0-9._-]{1,12}\Z")
repositories = st.builds("{}/{}".format, part, part).filter(is_repository)
text = st.text("abz09._- @%+#~é/", min_size=1, max_size=12) | st.text(min_size=1, max_size=12)
paths = text.filter(is_plain_path)
references = st.builds(
    HubReference, repositories, st.sampled_from(["main", COMMIT]) | paths, st.none() | paths
)


@given(references)
def test_what_is_written_is_read_back(reference):
    written = str(reference)
    assert is_hub_reference(written)
    assert parse_hub_reference(written) == reference


@given(st.builds("{}/{}".format, part, part))
def test_a_repository_that_is_taken_is_one_to_the_hubs_client(name):
    if is_repository(name):
        validate_repo_id(name)


@given(st.text("hf:/ab@%2F.-\\\n", max_size=20).map("hf://{}".format))
def test_any_text_is_read_or_refused_in_a_typed_error(written):
    try:
        reference = parse_hub_reference(written)
    except InvalidSetting:
        return
    assert parse_hub_reference(str(reference)) == reference


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("hf://a/b", HubReference("a/b", "main", None)),
        ("hf://a/b/", HubReference("a/b", "main", None)),
        ("hf://a/b@v1", HubReference("a/b", "v1", None)),
        ("hf://a/b@main", HubReference("a/b", "main", None)),
        ("hf://a/b@try%2Fone/c/d.pth", HubReference("a/b", "try/one", "c/d.pth")),
        (f"hf://a/b@{COMMIT}/c", HubReference("a/b", COMMIT, "c")),
    ],
)
def test_what_the_forms_mean(written, expected):
    assert parse_hub_reference(written) == expected


@pytest.mark.parametrize(
    "written",
    [
        "hf://",
        "hf://owner",
        "hf://owner/",
        "hf:///name",
        "hf://owner/name@",
        "hf://owner/name@/file",
        "hf://owner//file",
        "hf://owner/name//file",
        "hf://owner/name/a//b",
        "hf://owner/name/../file",
        "hf://owner/name/a/..",
        "hf://owner/name/./file",
        "hf://owner/name/a\\b",
        "hf://owner/name/c:d",
        "hf://owner/name/a\nb",
        "hf://owner/name/a\0b",
        "hf://owner/name/\udcff",
        "hf://../name",
        "hf://owner/..",
        "hf://owner/na..me",
        "hf://owner/na--me",
        "hf://-owner/name",
        "hf://owner/name.",
        "hf://owner/name.git",
        "hf://owner/" + "n" * 97,
        "hf://owner/é",
        "hf://owner/name@..",
        "hf://owner/name@..%2F..%2Fname",
        "hf://owner/name@%2Fetc",
        "hf://owner/name@a%00b",
        "hf://owner/name@a%5Cb",
    ],
)
def test_what_is_malformed_or_leads_elsewhere_is_refused_with_an_example(written):
    with pytest.raises(InvalidSetting) as caught:
        parse_hub_reference(written)
    assert "hf://owner/repository" in caught.value.hint


def test_only_a_whole_commit_id_means_the_same_for_ever():
    assert is_commit(COMMIT)
    assert not any(map(is_commit, ("main", COMMIT[:7], COMMIT.upper(), f"{COMMIT}0", "")))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("a/b", "hf://a/b"),
        ("hf:/a/b", "hf://a/b"),
        ("hf:a/b", "hf://a/b"),
        ("hf:///a/b", "hf://a/b"),
        ("HF://a/b@v1/c.pth", "hf://a/b@v1/c.pth"),
        ("https://huggingface.co/a/b", "hf://a/b"),
        ("http://huggingface.co/a/b/", "hf://a/b"),
        ("huggingface.co/a/b", "hf://a/b"),
        ("https://hf.co/a/b?library=imgclean", "hf://a/b"),
        ("https://huggingface.co/a/b/tree/main", "hf://a/b"),
        ("https://huggingface.co/a/b/tree/v1/", "hf://a/b@v1"),
        ("https://huggingface.co/a/b/tree/try%2Fone", "hf://a/b@try%2Fone"),
        ("https://huggingface.co/a/b/blob/main/in/c%20d.pth#L1", "hf://a/b/in/c d.pth"),
        (
            f"https://huggingface.co/a/b/resolve/{COMMIT}/c.pth?download=true",
            f"hf://a/b@{COMMIT}/c.pth",
        ),
    ],
)
def test_what_somebody_meant_is_told(written, meant):
    assert str(intended_reference(written)) == meant


@pytest.mark.parametrize(
    "written",
    [
        "dncnn-gray-25",
        "a/b/c",
        "./hf:a",
        "hf:",
        "hf:/a",
        "https://example.org/a/b",
        "https://huggingface.co/a",
        "https://huggingface.co/a/b/discussions",
        "https://huggingface.co/a/b/blob/main/../c",
        "https://huggingface.co/a/b/tree/..%2F..",
    ],
)
def test_what_means_nothing_on_the_hub_is_not_guessed_at(written):
    assert intended_reference(written) is None


@given(st.text("hf:/ab@%.\n", max_size=20) | st.from_regex(r"https://hf\.co/a/b/blob/.*"))
def test_whatever_is_guessed_can_be_named(written):
    guessed = intended_reference(written)
    assert guessed is None or parse_hub_reference(str(guessed)) == guessed
