"""An evaluation: every contender on every set under every degradation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from imgclean.degradation.spec import Pairs
from imgclean.evaluation.colours import CHANNELS, is_usual, usual_colour
from imgclean.evaluation.crop import cropped_images, cropped_pairs, require_crop
from imgclean.evaluation.measures import window_of
from imgclean.evaluation.protocol import measure, measure_pairs
from imgclean.evaluation.published import compared
from imgclean.evaluation.regions import RegionTally
from imgclean.evaluation.restorers import ModelRestorer
from imgclean.evaluation.trials import smallest_side
from imgclean.images.collection import read_clean_images, require_images
from imgclean.images.name_rules import NameRules
from imgclean.images.pairs import read_pairs
from imgclean.inference.selection import COLOUR, ImageKind

if TYPE_CHECKING:
    from pathlib import Path

    from imgclean.degradation.base import Degradation
    from imgclean.evaluation.colours import Colour
    from imgclean.evaluation.contenders import Contenders
    from imgclean.evaluation.measures import Measure
    from imgclean.evaluation.restorers import Restorer
    from imgclean.events import Emit, Evaluated
    from imgclean.images.collection import ChannelChoice

_READ_AS: dict[Colour | None, ChannelChoice] = {None: None, "gray": 1, "rgb": 3, "y": "own"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What is measured and how. Every line is emitted as an `Evaluated` event.

    With `regions` an `EvaluatedRegions` event for each threshold follows it.

    Attributes:
        contenders: who is measured.
        rules: which images of the folders are taken.
        emit: gets all events.
        colour: in which images are measured; None for the papers' choice.
        seed: of the noise.
        per_image: whether each image has an event of its own.
        regions: whether textured and smooth regions are measured too.
        crop: side in pixels of the square in each image's middle that is measured; None for all.
        unrounded: whether outputs are compared as they are, neither clamped nor rounded.
        measures: what is taken beside PSNR and SSIM.
    """

    contenders: Contenders
    rules: NameRules
    emit: Emit
    colour: Colour | None = None
    seed: int = 0
    per_image: bool = False
    regions: bool = False
    crop: int | None = None
    unrounded: bool = False
    measures: tuple[Measure, ...] = ()

    def measure_sets(self, folders: list[Path], degradations: tuple[Degradation, ...]) -> None:
        """Measure each folder, read once, under each degradation with each contender.

        Raises:
            ImgcleanError: as `read_clean_images`, `measure`, `Contenders.against` and
                `cropped_images`; a folder that is missing or without images, or a crop in which
                nothing can be measured, before any is read.
        """
        for folder in folders:
            require_images((folder,), self.rules)
        smallest = self._smallest_read(smallest_side(degradations, window_of(self.measures)))
        for folder in folders:
            images = read_clean_images(
                (folder,), channels="own", smallest=smallest, emit=self.emit, rules=self.rules
            )
            if self.crop is not None:
                images = cropped_images(images, self.crop)
            for degradation in degradations:
                colour = self.colour or usual_colour(degradation, images.channels)
                for restorer in self._contenders(degradation, colour):
                    tally = RegionTally() if self.regions else None
                    line = measure(
                        images,
                        degradation,
                        restorer,
                        seed=self.seed,
                        emit=self.emit,
                        colour=colour,
                        unrounded=self.unrounded,
                        per_image=self.per_image,
                        regions=tally,
                        measures=self.measures,
                    )
                    if is_usual(colour, degradation, images.channels):
                        line = self._compared(line, restorer, degradation, colour)
                    self._report(line, tally)

    def measure_pairs(self, noisy: Path, clean: Path, match: str | None) -> None:
        """Measure real pairs with each contender.

        Raises:
            ImgcleanError: as `read_pairs`, `measure_pairs`, `Contenders.against` and
                `cropped_pairs`.
        """
        pairs = read_pairs(
            noisy,
            clean,
            match=match,
            channels=_READ_AS[self.colour],
            smallest=self._smallest_read(window_of(self.measures)),
            emit=self.emit,
            keep_depth=True,
            rules=self.rules,
        )
        if self.crop is not None:
            pairs = cropped_pairs(pairs, self.crop)
        colour = self.colour or usual_colour(Pairs(), pairs.channels)
        photographs = {image.dtype for image in pairs.noisy} == {np.dtype(np.uint8)}
        for restorer in self._contenders(Pairs(), colour, photographs=photographs):
            tally = RegionTally() if self.regions else None
            line = measure_pairs(
                pairs,
                restorer,
                emit=self.emit,
                colour=colour,
                unrounded=self.unrounded,
                per_image=self.per_image,
                regions=tally,
                measures=self.measures,
            )
            self._report(self._compared(line, restorer, Pairs(), colour), tally)

    def _smallest_read(self, measurable: int) -> int:
        """Return the shortest side that is not left out: any with a crop, which refuses others."""
        if self.crop is None:
            return measurable
        require_crop(self.crop, measurable)
        return 1

    def _contenders(
        self, degradation: Degradation, colour: Colour, *, photographs: bool = False
    ) -> list[Restorer]:
        channels = CHANNELS[colour]
        kind = ImageKind(channels, photograph=photographs and channels == COLOUR.channels)
        return list(self.contenders.against(degradation, kind, self.emit))

    def _report(self, line: Evaluated, tally: RegionTally | None) -> None:
        self.emit(line)
        for each in tally.lines(line) if tally is not None else ():
            self.emit(each)

    def _compared(
        self, line: Evaluated, restorer: Restorer, degradation: Degradation, colour: Colour
    ) -> Evaluated:
        """Return a line with the paper's figure, where it is of the same images."""
        if not isinstance(restorer, ModelRestorer) or self.rules != NameRules():
            return line
        return compared(
            line,
            restorer,
            degradation,
            CHANNELS[colour],
            crop=self.crop,
            unrounded=self.unrounded,
        )
