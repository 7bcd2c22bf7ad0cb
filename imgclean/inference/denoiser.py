"""One weight set, ready to clean images."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import torch

from imgclean.errors import NonFiniteOutput
from imgclean.extension.requests import DenoiseRequest, Raster
from imgclean.inference.channels import join_channels, split_channels
from imgclean.inference.description import identity_of, provenance_of
from imgclean.inference.detail import require_room
from imgclean.inference.device import choose_precision, forbid_tf32, measure_cudnn_choices
from imgclean.inference.engine import run_tiles
from imgclean.inference.finish import Finish
from imgclean.inference.float_store import FloatStore, hand_on
from imgclean.inference.luma import LumaOf, WithLuma
from imgclean.inference.model_failure import naming_the_model
from imgclean.inference.one_tone import is_one_tone
from imgclean.inference.passes import Pass, Passes
from imgclean.inference.preparation.backends import require_backend
from imgclean.inference.preparation.prepare import Target, in_precision, prepare, prepare_parts
from imgclean.inference.preparation.trial import Images
from imgclean.inference.strength_choice import StrengthChoice
from imgclean.inference.tile_functions import averaging_orientations
from imgclean.inference.tiles import tile_side
from imgclean.weightsets.network import load_network, tiling_of, validate_options
from imgclean.weightsets.overrides import with_options

if TYPE_CHECKING:
    from collections.abc import Callable

    from imgclean.extension.model_info import ModelInfo, Precision
    from imgclean.images.rasters import Sink
    from imgclean.inference.settings import InferenceSettings
    from imgclean.inference.tile_functions import TileFunction
    from imgclean.weightsets.catalogue import WeightSet


class Denoiser:
    """A network with its weights on a device.

    Args:
        info: the model.
        weights: its weight set.
        settings: how to clean.
        device: where to compute.
        plugin_denoise: the owning plugin's `imgclean_denoise`, if it has one; None from it means
            the core's way, one pass of tiles.

    Raises:
        WeightsCorrupt, WeightsIncompatible: the set cannot be used.
        InvalidSetting: the model is not safe in the precision that the settings ask for, their
            backend is not there, or their options are not the model's.
    """

    def __init__(
        self,
        info: ModelInfo,
        weights: WeightSet,
        settings: InferenceSettings,
        device: torch.device,
        plugin_denoise: Callable[..., Raster | None] | None = None,
    ) -> None:
        self.info = info
        self.weights = weights = with_options(info, weights, settings.options)
        self.settings = settings
        self.device = device
        self._plugin_denoise = plugin_denoise
        self.precision_for(np.dtype(np.uint8))  # refuses a precision that the model does not have
        require_backend(settings.backend, device)
        forbid_tf32()
        measure_cudnn_choices()
        network = load_network(info, weights).requires_grad_(False).to(device)
        network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._options = validate_options(info, weights.options)
        self._tiling = tiling_of(info, self._options)
        images = Images(weights.config.channels, self._tiling.alignment, settings.unit_sigma)
        self._prepared = lru_cache(lambda target: prepare(network, target, images))
        self._parts = lru_cache(lambda target: prepare_parts(network, target, images))
        self._fitted: dict[Precision, int | None] = {}

    @property
    def identity(self) -> dict[str, object]:
        """All that shapes a clean image, apart from the noisy one; the same for equal results."""
        return identity_of(self.info, self.weights, self._options, self.settings)

    @property
    def provenance(self) -> str:
        """The same for people: what a clean image says of how it was made."""
        return provenance_of(self.info, self.weights, self.settings)

    def denoise(
        self,
        raster: Raster,
        sink: Sink,
        *,
        dtype: np.dtype[np.generic],
        on_pixels: Callable[[int], None] = lambda _: None,
        colours: bool = False,
        clean: Raster | None = None,
        strength: StrengthChoice | None = None,
    ) -> Precision:
        """Clean one image.

        Args:
            raster: the image in [0, 1], of any channel count.
            sink: gets the clean image.
            dtype: sample type of the file, which decides what precision `auto` is.
            on_pixels: told how many pixels were finished; may raise to stop.
            colours: whether its channels are red, green and blue, of which a model of one channel
                that deblocks or enlarges gets the luma. Others stay as they are where only chroma
                is cleaned.
            clean: the clean image, where it is known, for a plugin that asks for it; of the
                channels of `raster`.
            strength: decides for this image and others; by default for this one alone.

        Returns:
            The precision of the result.

        Raises:
            NonFiniteOutput: the result is not finite, also in float32.
            UnsupportedImage: there is too little memory to keep its detail.
            DeviceOutOfMemory: not even the smallest tile fits.
            DenoiserFailed: the plugin raised an exception of its own.
        """
        precision = self.precision_for(dtype)
        if self.settings.chroma_only and not colours:
            share = 0.0
        else:
            share = (strength or StrengthChoice(self.settings.strength)).of(raster)
        if share == 0:
            hand_on(raster, sink)
            on_pixels(raster.shape[1] * raster.shape[2])
            return precision
        if self.settings.keep_detail:
            require_room(raster.shape)
        finish = Finish(
            keep_detail=self.settings.keep_detail,
            one_tone=colours and is_one_tone(raster),
            chroma_only=self.settings.chroma_only,
            strength=share,
            colours=colours,
        )
        with naming_the_model(self.info.name):
            try:
                self._denoise_in(precision, raster, sink, on_pixels, finish, clean)
            except NonFiniteOutput:
                if precision == "fp32":
                    raise
                precision = "fp32"
                self._denoise_in(precision, raster, sink, on_pixels, finish, clean)
        return precision

    @property
    def works_on_luma(self) -> bool:
        """Whether of colour images the luma is cleaned and the chroma stays."""
        return self.settings.task != "denoise" and self.weights.config.channels == 1

    def precision_for(self, dtype: np.dtype[np.generic]) -> Precision:
        """Return the precision in which images of this sample type are computed."""
        return choose_precision(self.settings.precision, self.info, self.device, dtype)

    @torch.inference_mode()
    def _denoise_in(
        self,
        precision: Precision,
        raster: Raster,
        sink: Sink,
        on_pixels: Callable[[int], None],
        finish: Finish,
        truth: Raster | None,
    ) -> None:
        if finish.colours and self.works_on_luma:
            cleaned = self._clean(precision, LumaOf(raster), on_pixels)
            finish.hand_on(WithLuma(raster, cleaned), raster, sink)
            return
        channels = self.weights.config.channels
        parts = split_channels(raster, channels)
        if parts == [raster]:
            result = self._by_plugin(precision, raster, on_pixels, truth)
            if finish.is_by_pixel:
                if result is None:
                    function = finish.around(self._model_function(precision))
                    self._run_tiles(precision, function, raster, sink, on_pixels)
                    return
                if isinstance(result, Pass) and result.compute_into(finish.into(sink, raster)):
                    return
            elif result is None:
                result = self._by_core(precision, raster, on_pixels)
        else:
            truths = split_channels(truth, channels) if truth else [None] * len(parts)
            pairs = zip(parts, truths, strict=True)
            cleaned_parts = [self._clean(precision, part, on_pixels, its) for part, its in pairs]
            result = join_channels(cleaned_parts, raster.shape[0])
        finish.hand_on(result, raster, sink)

    def _clean(
        self,
        precision: Precision,
        raster: Raster,
        on_pixels: Callable[[int], None],
        truth: Raster | None = None,
    ) -> Raster:
        """Return the clean image as a raster of its own, at full strength."""
        result = self._by_plugin(precision, raster, on_pixels, truth)
        return self._by_core(precision, raster, on_pixels) if result is None else result

    def _by_core(
        self, precision: Precision, raster: Raster, on_pixels: Callable[[int], None]
    ) -> Raster:
        store = FloatStore(*raster.shape[1:])
        self._run_tiles(precision, self._model_function(precision), raster, store, on_pixels)
        return store.raster()

    def _by_plugin(
        self,
        precision: Precision,
        raster: Raster,
        on_pixels: Callable[[int], None],
        truth: Raster | None,
    ) -> Raster | None:
        if self._plugin_denoise is None:
            return None
        target = self._target(precision)

        def run(
            function: TileFunction,
            raster: Raster,
            sink: Sink,
            on_pixels: Callable[[int], None],
            halo: int,
            alignment: int,
        ) -> None:
            wrapped = self._averaged(in_precision(function, target))
            self._run_tiles(precision, wrapped, raster, sink, on_pixels, halo, alignment)

        passes = Passes(run, raster.shape[1] * raster.shape[2], on_pixels)
        request = DenoiseRequest(
            sigma=self.settings.unit_sigma,
            task=self.settings.task,
            scale=self.settings.scale,
            device=str(self.device),
            precision=precision,
            options=self.weights.options,
            run_tiles=passes.run_tiles,
            mean_over_tiles=passes.mean_over_tiles,
            advance=passes.advance,
            clean=truth,
        )
        return self._plugin_denoise(model=self._parts(target), image=raster, request=request)

    def _run_tiles(
        self,
        precision: Precision,
        function: TileFunction,
        raster: Raster,
        sink: Sink,
        on_pixels: Callable[[int], None],
        halo: int | None = None,
        alignment: int | None = None,
    ) -> None:
        halo = self._tiling.halo if halo is None else halo
        side = self._side(precision, halo)
        fitted = run_tiles(
            function,
            raster,
            sink,
            halo=halo,
            alignment=self._tiling.alignment if alignment is None else alignment,
            side=side,
            device=self.device,
            on_pixels=on_pixels,
        )
        if fitted != side:
            self._fitted[precision] = fitted

    def _side(self, precision: Precision, halo: int) -> int | None:
        """Return the side of tiles: what should fit, or what did when memory had run out."""
        if precision in self._fitted:
            return self._fitted[precision]
        size = self._prepared(self._target(precision)).bytes_per_pixel
        return tile_side(self.settings.tile, self.device, halo, size)

    def _model_function(self, precision: Precision) -> TileFunction:
        return self._averaged(self._prepared(self._target(precision)).function)

    def _target(self, precision: Precision) -> Target:
        return Target(self.device, precision, self.settings.backend)

    def _averaged(self, function: TileFunction) -> TileFunction:
        return averaging_orientations(function) if self.settings.ensemble else function
