"""What has to become of each odd file in shared/data/robust, and why."""

from __future__ import annotations

from typing import NamedTuple

from imgclean.errors import ImageError, UnreadableImage, UnsupportedImage


class Done(NamedTuple):
    """A file that is cleaned: its images, sample type and channels, and what is odd about it."""

    pages: int
    dtype: str
    channels: str
    why: str


class Refused(NamedTuple):
    """A file that fails: how, a word of the reason, and why it has to fail."""

    error: type[ImageError]
    reason: str
    why: str


NO_NOISE = "black and white only: smoothing it makes no better picture, and 8 bits no same file"
MOVING = "cleaning one image would lose the others: the user has to say so"

DONE = {
    "exif_35-empty.jpg": Done(1, "uint8", "RGB", "EXIF with an empty directory"),
    "exif_Arbitro.tiff": Done(1, "uint8", "RGB+A", "text that is no ASCII"),
    "exif_DSCN0010.jpg": Done(1, "uint8", "RGB", "GPS and a maker note"),
    "exif_HMD_Nokia_8.3_5G.jpg": Done(1, "uint8", "RGB", "a telephone's own EXIF tags"),
    "exif_Jobagent.tiff": Done(1, "uint8", "RGB+A", "text that is no ASCII"),
    "exif_image01088.jpg": Done(1, "uint8", "RGB", "damaged EXIF beside sound pixels"),
    "exif_jolla.jpg": Done(1, "uint8", "RGB", "a telephone's own EXIF tags"),
    "exif_landscape_8.jpg": Done(1, "uint8", "RGB", "to be turned by 270 degrees"),
    "iio_calcium_imaging_stack.tif": Done(1000, "uint16", "gray", "as many pages as rarely"),
    "iio_geotiff.tif": Done(1, "uint8", "gray", "GeoTIFF's tags"),
    "iio_multipage_rgb.tif": Done(2, "float64", "RGB", "doubles, channels apart, two pages"),
    "nd_3drcan_gray16be.tif": Done(1, "uint16", "gray", "big endian"),
    "nd_imagej_float32_stack.tif": Done(3, "float32", "gray", "ImageJ: one directory"),
    "pil_12bit.cropped.tif": Done(1, "uint16", "gray", "12 bits packed, without a neighbour"),
    "pil_16bit.cropped.jp2": Done(1, "uint16", "gray", "16 bits"),
    "pil_exif.png": Done(1, "uint8", "RGB", "an eXIf chunk"),
    "pil_hopper.avif": Done(1, "uint8", "RGB", "lossy, and stays so"),
    "pil_hopper.pfm": Done(1, "float32", "gray", "floats from bottom to top"),
    "pil_hopper_bigtiff.tif": Done(1, "uint8", "RGB", "64-bit offsets"),
    "pil_hopper_gray.jpg": Done(1, "uint8", "gray", "one component"),
    "pil_hopper_lzma.tif": Done(1, "uint8", "RGB", "LZMA"),
    "pil_hopper_orientation_6.jpg": Done(1, "uint8", "RGB", "to be turned by 90 degrees"),
    "pil_hopper_rle8.bmp": Done(1, "uint8", "RGB", "run lengths"),
    "pil_icc_profile.png": Done(1, "uint8", "RGB+A", "a compressed profile"),
    "pil_iptc.jpg": Done(1, "uint8", "RGB", "IPTC records"),
    "pil_palette_sepia.png": Done(1, "uint8", "RGB", "a palette"),
    "pil_png_decompression_dos.png": Done(1, "uint8", "gray", "a text that swells is not unpacked"),
    "pil_tiff_16bit_RGBa.tiff": Done(1, "uint16", "RGB+A", "colours multiplied with alpha"),
    "pil_tiff_strip_ycbcr_jpeg_2x2_sampling.tif": Done(1, "uint8", "RGB", "JPEG in strips"),
    "pil_tiff_wrong_bits_per_sample.tiff": Done(1, "uint8", "RGB+A", "one depth for 4 channels"),
    "pil_transparent.png": Done(1, "uint8", "RGB+A", "transparent where it is empty"),
    "pngs_basn2c16.png": Done(1, "uint16", "RGB", "16 bits of colour"),
    "pngs_basn4a16.png": Done(1, "uint16", "gray+A", "gray with alpha of 16 bits"),
    "pngs_cs3n2c16.png": Done(1, "uint16", "RGB", "13 bits that matter, by sBIT"),
    "pngs_g03n2c08.png": Done(1, "uint8", "RGB", "a gamma of its own"),
    "pngs_s40i3p04.png": Done(1, "uint8", "RGB", "interlaced palette of 4 bits"),
    "pngs_tp1n3p08.png": Done(1, "uint8", "RGB+A", "palette with transparency"),
    "pngs_z00n2c08.png": Done(1, "uint8", "RGB", "not compressed"),
    "ski_blobs_3d_fiji_skeleton.tif": Done(30, "uint8", "gray", "Fiji's volume"),
    "ski_color.png": Done(1, "uint8", "RGB", "a chunk of an editor"),
}

REFUSED = {
    "iio_dicom_file01.dcm": Refused(UnsupportedImage, "DICOM", "measured values, not a picture"),
    "iio_metamorph.stk": Refused(UnsupportedImage, "MetaMorph", "planes that no tag counts"),
    "iio_nikon.nef": Refused(UnsupportedImage, "raw photo (Nikon)", "Pillow sees its thumbnail"),
    "nd_stack_8bit.gif": Refused(UnsupportedImage, "animated GIF", MOVING),
    "pil_16bit.s.tif": Refused(UnsupportedImage, "int16", "signed: the hint says what to do"),
    "pil_apng_dispose_background.png": Refused(UnsupportedImage, "animated PNG", MOVING),
    "pil_broken_data_stream.png": Refused(UnreadableImage, "checksum", "damaged pixels"),
    "pil_crash-0da013a13571cc8eb457a39fee8db18f8a3c7127.tif": Refused(
        UnsupportedImage, "1 bit", "crashed libtiff; it is not even decoded"
    ),
    "pil_decompression_bomb.gif": Refused(UnreadableImage, "truncated", "no pixels in 44 bytes"),
    "pil_frozenpond.mpo": Refused(UnsupportedImage, "several photos", MOVING),
    "pil_g4_orientation_6.tif": Refused(UnsupportedImage, "1 bit", NO_NOISE),
    "pil_hopper.ico": Refused(UnsupportedImage, "Windows icon", "several sizes of one picture"),
    "pil_hopper.psd": Refused(UnsupportedImage, "Photoshop", "layers: no one could write it"),
    "pil_hopper_1bit.pbm": Refused(UnsupportedImage, "1 bit", NO_NOISE),
    "pil_iss634.webp": Refused(UnsupportedImage, "animated WebP", MOVING),
    "pil_libtiff_segfault.tif": Refused(UnreadableImage, "too few strips", "contradicts itself"),
    "pil_old-style-jpeg-compression.tif": Refused(
        UnsupportedImage, "OJPEG", "withdrawn in 1995; no one writes it"
    ),
    "pil_seek_too_large.tif": Refused(UnreadableImage, "outside the file", "16 bytes"),
    "pil_tRNS_null_1x1.png": Refused(UnsupportedImage, "1 bit", NO_NOISE),
    "pil_truncated_image.png": Refused(UnreadableImage, "truncated", "its last rows are missing"),
    "pil_ultrahdr.jpg": Refused(UnreadableImage, "truncated", "it ends before the first pixel"),
    "pil_zero_width.gif": Refused(UnreadableImage, "0 x 32", "no pixels"),
    "pngs_basn0g01.png": Refused(UnsupportedImage, "1 bit", NO_NOISE),
    "pngs_xdtn0g01.png": Refused(UnsupportedImage, "1 bit", "no pixels either"),
    "ski_checker_bilevel.png": Refused(UnsupportedImage, "1 bit", NO_NOISE),
    "ski_no_time_for_that_tiny.gif": Refused(UnsupportedImage, "animated GIF", MOVING),
    "ski_truncated.jpg": Refused(UnreadableImage, "truncated", "400 bytes of a header"),
}

FIRST_OF_SEVERAL = {
    "nd_stack_8bit.gif": "gray",
    "pil_apng_dispose_background.png": "RGB+A",
    "pil_frozenpond.mpo": "RGB",
    "pil_iss634.webp": "RGB",
    "ski_no_time_for_that_tiny.gif": "RGB",
    "iio_calcium_imaging_stack.tif": "gray",
    "iio_multipage_rgb.tif": "RGB",
    "nd_imagej_float32_stack.tif": "gray",
    "ski_blobs_3d_fiji_skeleton.tif": "gray",
}
"""What `--pages first` takes the first image of, with its channels."""

LOSSY = frozenset(("jpeg", "avif", "webp"))
"""Formats of the odd files whose pixels are compressed with loss again."""
