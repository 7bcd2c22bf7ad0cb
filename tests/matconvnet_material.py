"""Networks of MatConvNet as MATLAB's `save -v7.3` writes them."""

from __future__ import annotations

from itertools import count

import h5py
import numpy as np

HEADER = b"MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: Mon Jan  1 00:00:00 2018 HDF5"


class MatFile:
    """Values that MATLAB puts into cells and structs lie in one group and are referred to."""

    def __init__(self, file):
        self.file = file
        self._values = file.create_group("#refs#")
        self._numbers = count()

    def array(self, values, kind="single", **attributes):
        return self._described(
            self._values.create_dataset(self._name(), data=values), kind, attributes
        )

    def empty(self):
        """An array of no values, for which its size stands."""
        return self.array(np.zeros(2, np.uint64), "double", MATLAB_empty=1)

    def text(self, text):
        codes = np.array([[ord(each)] for each in text], np.uint16)
        return self.array(codes, "char", MATLAB_int_decode=2)

    def cell(self, values):
        found = self._values.create_dataset(self._name(), (len(values), 1), h5py.ref_dtype)
        found[:, 0] = [each.ref for each in values]
        return self._described(found, "cell", {})

    def struct(self, **fields):
        found = self._values.create_group(self._name())
        for name, value in fields.items():
            found[name] = value
        return self._described(found, "struct", {})

    def _name(self):
        return f"r{next(self._numbers)}"

    def _described(self, found, kind, attributes):
        found.attrs["MATLAB_class"] = np.bytes_(kind)
        for name, value in attributes.items():
            found.attrs[name] = value
        return found


def write_matconvnet(path, stack, *, bias_shape=(1, -1), squeeze_first=False, last="loss"):
    """Write a stack as `net.layers`, a ReLU after each layer but the last.

    Args:
        bias_shape: of the biases; MATLAB's columns and rows are the other way round here.
        squeeze_first: the first kernels lack the axis of their single channel.
        last: type of a layer without weights at the end, or None.
    """
    with h5py.File(path, "w", userblock_size=512) as file:
        mat = MatFile(file)
        layers = []
        for index, each in enumerate(stack):
            layers.append(convolution(mat, each, bias_shape, squeeze_first and not index))
            if each.norm:
                layers.append(batch_norm(mat, each.norm))
            if index < len(stack) - 1:
                layers.append(mat.struct(type=mat.text("relu"), leak=mat.array([[0.0]], "double")))
        if last:
            layers.append(mat.struct(type=mat.text(last)))
        net = file.create_group("net")
        net.attrs["MATLAB_class"] = np.bytes_("struct")
        net["layers"] = mat.cell(layers)
    content = bytearray(path.read_bytes())
    content[: len(HEADER)] = HEADER
    path.write_bytes(content)
    return path


def convolution(mat, each, bias_shape, squeeze):
    weight = each.weight.numpy().transpose(0, 1, 3, 2)  # [out, in, width, height]
    if weight.shape[0] == 1:
        weight = weight[0]  # MATLAB drops a last dimension of 1
    if squeeze:
        weight = weight[:, 0]
    bias = mat.empty() if each.bias is None else mat.array(each.bias.numpy().reshape(bias_shape))
    return mat.struct(
        type=mat.text("conv"),
        weights=mat.cell([mat.array(weight), bias]),
        stride=mat.array([[1.0], [1.0]], "double"),
        pad=mat.array([[1.0]] * 4, "double"),
        dilate=mat.array([[1.0]], "double"),
    )


def batch_norm(mat, norm):
    deviation = np.sqrt(norm["running_var"].numpy() + 1e-5)
    arrays = [
        norm["weight"].numpy()[None],
        norm["bias"].numpy()[None],
        np.stack([norm["running_mean"].numpy(), deviation]),
    ]
    return mat.struct(
        type=mat.text("bnorm"), weights=mat.cell([mat.array(each) for each in arrays])
    )
