"""`imgclean denoise`."""

from __future__ import annotations

import dataclasses
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from imgclean.cli import denoise_options as own
from imgclean.cli.assignments import model_options
from imgclean.cli.context import registry
from imgclean.cli.exit_codes import exit_code_of
from imgclean.cli.options import (
    BackendOption,
    EnsembleOption,
    ExcludeOption,
    IncludeOption,
    JsonOption,
    MaxPixelsOption,
    ModelOption,
    OverwriteOption,
    PrecisionOption,
    QuietOption,
    SetOption,
    ThreadsOption,
    WeightsOption,
    parse_quality,
    parse_tile,
    prepare_process,
)
from imgclean.cli.reporting import reporting
from imgclean.cli.running import check_streams, run_batch, warn
from imgclean.errors import InvalidSetting
from imgclean.events import Note

if TYPE_CHECKING:
    from imgclean.events import Emit, Summary
    from imgclean.inference.image_rules import ImageRules
    from imgclean.inference.jobs import FileRules, Plan
    from imgclean.inference.selection import Selection
    from imgclean.inference.worker import Order


def denoise(
    inputs: own.InputsArgument = None,
    output: own.OutputOption = None,
    files_from: own.FilesFromOption = None,
    null: own.NullOption = False,
    model: ModelOption = None,
    weights: WeightsOption = None,
    options: SetOption = None,
    task: own.TaskOption = "denoise",
    scale: own.ScaleOption = None,
    sigma: own.SigmaOption = None,
    keep_detail: own.KeepDetailOption = 0.0,
    chroma_only: own.ChromaOnlyOption = False,
    strength: own.StrengthOption = "1",
    ensemble: EnsembleOption = False,
    again: own.AgainOption = False,
    device: own.DevicesOption = "auto",
    precision: PrecisionOption = "auto",
    backend: BackendOption = "auto",
    tile: own.TileOption = "auto",
    threads: ThreadsOption = None,
    recursive: own.RecursiveOption = True,
    include: IncludeOption = None,
    exclude: ExcludeOption = None,
    copy_others: own.CopyOthersOption = False,
    file_format: own.FormatOption = "keep",
    quality: own.QualityOption = "keep",
    suffix: own.SuffixOption = "-clean",
    overwrite: OverwriteOption = False,
    resume: own.ResumeOption = False,
    in_place: own.InPlaceOption = False,
    save_residual: own.SaveResidualOption = None,
    value_range: own.RangeOption = "auto",
    pages: own.PagesOption = None,
    channels: own.ChannelsOption = None,
    crop: own.CropOption = None,
    strip_metadata: own.StripMetadataOption = False,
    provenance: own.ProvenanceOption = True,
    max_pixels: MaxPixelsOption = 300,
    dry_run: own.DryRunOption = False,
    json_lines: JsonOption = False,
    quiet: QuietOption = False,
    verbose: own.VerboseOption = False,
) -> None:
    """Clean noise out of images. Bit depth, metadata, alpha and names stay as they are.

    --task deblock takes out what JPEG compression left, --task upscale enlarges.

    Exit codes: 0 all done; 1 device or weights; 2 usage; 3 some files failed; 4 all failed;
    130 interrupted.

    Example: imgclean denoise photos/ --model dncnn
    """
    from imgclean.images.page_choice import parse_page_choice
    from imgclean.images.range_choice import parse_range
    from imgclean.inference.devices import can_share, choose_devices
    from imgclean.inference.image_rules import ImageRules, parse_crop
    from imgclean.inference.jobs import FileRules
    from imgclean.inference.selection import Selection, require_choice
    from imgclean.inference.settings import DEBLOCKED_QUALITY, InferenceSettings, require_task
    from imgclean.inference.worker import Order

    residuals = own.residual_folder(save_residual, task)
    prepare_process(threads)
    if in_place and (crop or pages or channels):
        raise InvalidSetting(
            "--in-place would leave nothing but a part of each image",
            hint="use -o, or leave out --crop, --pages and --channels",
        )
    rules = FileRules(
        output=output,
        suffix=suffix,
        recursive=recursive,
        include=tuple(include or ()),
        exclude=tuple(exclude or ()),
        format=None if file_format == "keep" else file_format,
        quality=parse_quality(quality),
        least_quality=DEBLOCKED_QUALITY if task == "deblock" else None,
        in_place=in_place,
        overwrite=overwrite,
        resume=resume,
        copy_others=copy_others,
        save_residual=residuals,
    )
    images = ImageRules(
        range=parse_range(value_range),
        pages=parse_page_choice(pages, "--pages") if pages else None,
        channels=parse_page_choice(channels, "--channels") if channels else None,
        crop=parse_crop(crop) if crop else None,
        strip_metadata=strip_metadata,
        provenance=provenance,
        again=again,
        max_pixels=int(max_pixels * 1e6) or sys.maxsize,
    )
    settings = InferenceSettings(
        task=task,
        scale=require_task(task, scale, sigma),
        sigma=sigma,
        strength=own.parse_strength(strength),
        keep_detail=keep_detail,
        chroma_only=chroma_only,
        ensemble=ensemble,
        device=device,
        precision=precision,
        tile=parse_tile(tile),
        backend=backend,
        options=model_options(options),
    )
    plan = _plan(inputs or [], rules, files_from, null=null)
    check_streams(plan, json_lines=json_lines, dry_run=dry_run)
    devices = choose_devices(device)
    is_shared = can_share(plan.jobs, devices)
    if is_shared and not dry_run:
        require_choice(registry(), settings, model=model, weights=weights)
        order = Order(
            settings=settings,
            model=model,
            weights=weights,
            rules=rules,
            image_rules=images,
            devices=devices,
            threads=threads,
        )
        run = partial(_run_on_several, plan, order)
    else:
        if "," in device:
            settings = dataclasses.replace(settings, device=devices[0])
        selection = Selection(registry(), settings, model=model, weights=weights)
        run = partial(_run_on_one, plan, selection, rules, images)
    list_files = verbose if json_lines else verbose or dry_run or None
    total = len(plan.jobs) + len(plan.unreadable)
    with reporting(total, json_lines=json_lines, quiet=quiet, list_files=list_files) as emit:
        if dry_run:
            _announce(plan, selection, emit, None if is_shared else str(selection.device))
            return
        summary = run(emit)
    raise typer.Exit(exit_code_of(summary))


def _plan(inputs: list[Path], rules: FileRules, files_from: str | None, *, null: bool) -> Plan:
    """Return what to do, the inputs and a list of them taken together."""
    from imgclean.inference.file_list import read_file_list
    from imgclean.inference.jobs import STREAM
    from imgclean.inference.plan import make_plan

    if files_from is None:
        if null:
            raise InvalidSetting("--null is about the list that --files-from names")
        return make_plan(inputs, rules)
    if files_from == str(STREAM) and STREAM in inputs:
        raise InvalidSetting("stdin is either an image or a list: leave out - or --files-from -")
    return make_plan(inputs, rules, read_file_list(files_from, null=null))


def _run_on_one(
    plan: Plan, selection: Selection, rules: FileRules, images: ImageRules, emit: Emit
) -> Summary:
    """Clean the images in this process."""
    from imgclean.inference.run import in_process
    from imgclean.inference.treatment import Denoising

    work = in_process(plan.jobs, Denoising(selection, emit), rules, images)
    return run_batch(plan, work, rules, images, emit)


def _run_on_several(plan: Plan, order: Order, emit: Emit) -> Summary:
    """Clean the images in a process for each device."""
    from imgclean.inference.fleet import Fleet

    with Fleet(plan.jobs, order, emit) as fleet:
        return run_batch(plan, fleet.run, order.rules, order.image_rules, emit)


def _announce(plan: Plan, selection: Selection, emit: Emit, device: str | None) -> None:
    """Say what would be done."""
    from imgclean.inference.reports import announce

    warn(plan, emit)
    announce(plan, selection, emit, device)
    work = [f"{_count(len(plan.jobs), 'image')} to clean"]
    if plan.others:
        work.append(f"{_count(len(plan.others), 'other file')} to copy")
    emit(Note(message=f"{', '.join(work)}; nothing was written"))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number > 1)}"
