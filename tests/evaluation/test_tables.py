import csv
import dataclasses
import io

from imgclean.evaluation.tables import (
    CSV_COLUMNS,
    MEASURE_COLUMNS,
    REGION_COLUMNS,
    as_csv,
    as_markdown,
    regions_as_markdown,
)
from imgclean.events import Evaluated, EvaluatedImage, EvaluatedRegions

LABELS = {"set": "a|b", "degradation": "gaussian:25", "model": "dncnn", "weights": "dncnn-x"}
SCORES = {"psnr": 28.8712, "ssim": 0.81119, "input_psnr": 20.17, "input_ssim": 0.382}
WHOLE = Evaluated(**LABELS, **SCORES, images=2, seconds=1.5)
COMPARED = Evaluated(
    **LABELS, **SCORES, images=2, seconds=1.5, published_psnr=29.16, difference=-0.2888
)
COMPRESSED = Evaluated(**LABELS, **SCORES, images=2, seconds=1.5, bits_per_pixel=0.14963)
SINGLE = EvaluatedImage(**LABELS, **SCORES, image="a,b/1.png")
REGIONS = EvaluatedRegions(
    **LABELS,
    threshold=1.0,
    textured_share=0.1234,
    textured_psnr=None,
    smooth_psnr=33.2,
    textured_input_psnr=None,
    smooth_input_psnr=20.17,
    textured_images=0,
    smooth_images=2,
)


def test_csv_has_the_same_columns_whatever_was_asked_for():
    for lines in ([WHOLE], [SINGLE, COMPARED]):
        rows = list(csv.DictReader(io.StringIO(as_csv(lines))))
        assert all(tuple(row) == CSV_COLUMNS for row in rows)
        assert len(rows) == len(lines)
    assert (rows[0]["image"], rows[0]["images"], rows[0]["published_psnr"]) == ("a,b/1.png", "", "")
    assert (rows[1]["image"], rows[1]["psnr"], rows[1]["difference"]) == ("", "28.8712", "-0.2888")


def test_markdown_shows_what_papers_print_and_escapes_its_own_marks():
    header, _, row = as_markdown([WHOLE]).splitlines()
    assert header == (
        "| set | degradation | model | weights | images | noisy PSNR | PSNR | noisy SSIM | SSIM |"
    )
    assert row == (
        r"| a\|b | gaussian:25 | dncnn | dncnn-x | 2 | 20.17 | 28.87 | 0.3820 | 0.8112 |"
    )


def test_markdown_has_columns_for_images_and_for_the_paper_where_there_are_any():
    header, _, single, compared = as_markdown([SINGLE, COMPARED]).splitlines()
    assert header.split(" | ")[1] == "image"
    assert header.endswith("| published | difference |")
    assert single.endswith("| 0.8112 |  |  |")
    assert compared.endswith("| 29.16 | -0.29 |")


def test_bits_per_pixel_have_a_column_in_markdown_where_something_is_compressed():
    header, _, compressed, plain = as_markdown([COMPRESSED, WHOLE]).splitlines()
    assert header.split(" | ")[4:7] == ["images", "bits per pixel", "noisy PSNR"]
    assert compressed.split(" | ")[4:7] == ["2", "0.150", "20.17"]
    assert plain.split(" | ")[4:7] == ["2", "", "20.17"]


def test_csv_ends_with_the_bits_per_pixel():
    header, compressed, plain = as_csv([COMPRESSED, WHOLE]).splitlines()
    assert header.endswith(",bits_per_pixel")
    assert compressed.endswith(",0.14963")
    assert plain.endswith(",")


def test_csv_has_more_columns_for_measures_before_those_of_regions():
    blurred = dataclasses.replace(WHOLE, blur=0.43, clean_blur=0.39)
    rows = list(csv.DictReader(io.StringIO(as_csv([blurred, WHOLE, REGIONS]))))
    assert all(tuple(row) == CSV_COLUMNS + MEASURE_COLUMNS + REGION_COLUMNS for row in rows)
    assert [row["blur"] for row in rows] == ["0.43", "", ""]


def test_csv_has_more_columns_for_regions_in_the_same_table():
    rows = list(csv.DictReader(io.StringIO(as_csv([WHOLE, REGIONS]))))
    assert all(tuple(row) == CSV_COLUMNS + REGION_COLUMNS for row in rows)
    whole, regions = ({name: cell for name, cell in row.items() if cell} for row in rows)
    assert whole.keys().isdisjoint(REGION_COLUMNS)
    labels = {"set": "a|b", "degradation": "gaussian:25", "model": "dncnn", "weights": "dncnn-x"}
    assert regions == labels | {
        "threshold": "1.0",
        "textured_share": "0.1234",
        "smooth_psnr": "33.2",
        "smooth_input_psnr": "20.17",
        "textured_images": "0",
        "smooth_images": "2",
    }


def test_regions_in_markdown_are_a_table_of_their_own_with_empty_cells_for_no_region():
    header, rule, row = regions_as_markdown([REGIONS]).splitlines()
    assert header.startswith(
        "| set | degradation | model | weights | threshold | textured pixels |"
    )
    assert len({each.count(" | ") for each in (header, rule)}) == 1
    assert row == (
        r"| a\|b | gaussian:25 | dncnn | dncnn-x | 1 | 12.3% | 0 |  |  | 2 | 20.17 | 33.20 |"
    )
