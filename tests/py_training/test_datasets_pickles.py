"""Pickles of data sets: Python 2 files read, everything that is no plain data refused."""

import collections
import os
import pickle

import numpy as np
import pytest
from dataset_makers import Python2Pickle, dump_python2

from training.datasets.pickles import load_pickle
from training.datasets.take import DataError


def loaded_from(folder, data: bytes):
    """The content of a file with these bytes."""
    (folder / "templates.pkl").write_bytes(data)
    return load_pickle(folder / "templates.pkl")


class Harmful:
    """Unpickled by pickle.load, this would make a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickle_that_runs_a_program_is_refused_and_runs_nothing(tmp_path, protocol):
    target = tmp_path / "made_by_pickle"
    data = pickle.dumps({"templates": [Harmful(target)]}, protocol=protocol)
    with pytest.raises(DataError, match=r"wants to load (posix|nt)\.mkdir, which is no plain data") as caught:
        loaded_from(tmp_path, data)
    assert not target.exists()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        b"cbuiltins\neval\n(S'1+1'\ntR.",
        b"c__builtin__\nexec\n(S'1'\ntR.",
        b"cos\nsystem\n(S'true'\ntR.",
        b"\x80\x04\x8c\x08builtins\x8c\x0cdict.__init__\x93.",  # a dotted name of an allowed class
        b"cnumpy\nload\n(S'x'\ntR.",
        b"cnumpy.core.multiarray\n_reconstruct\n(c__builtin__\nint\n(I1\ntS'b'\ntR.",  # an array that is none
    ],
)
def test_names_outside_the_table_are_refused(tmp_path, data):
    with pytest.raises(DataError):
        loaded_from(tmp_path, data)


def test_attributes_of_the_stand_ins_cannot_be_set(tmp_path):
    with pytest.raises(DataError):
        loaded_from(tmp_path, b"cnumpy.core.multiarray\n_reconstruct\n}S'x'\nI1\nsb.")


def test_python_2_pickle_of_arrays_and_latin_1_text_is_read(tmp_path):
    value = {
        "FaceTalk_1": {"audio": np.arange(-3, 900, dtype=np.int16), "sample_rate": 22000},
        "M\xfcller": {"template": np.arange(15.0).reshape(5, 3)},
    }
    dump_python2(value, tmp_path / "raw.pkl")
    with open(tmp_path / "raw.pkl", "rb") as file:  # the maker writes what pickle itself understands
        reference = pickle.load(file, encoding="latin1")
    loaded = load_pickle(tmp_path / "raw.pkl")
    assert loaded.keys() == value.keys() == reference.keys()
    assert loaded["FaceTalk_1"]["sample_rate"] == 22000
    assert (loaded["FaceTalk_1"]["audio"] == value["FaceTalk_1"]["audio"]).all()
    assert loaded["FaceTalk_1"]["audio"].dtype == np.int16
    assert (loaded["M\xfcller"]["template"] == value["M\xfcller"]["template"]).all()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_plain_values_survive_in_every_protocol(tmp_path, protocol):
    value = {
        "a": np.eye(3, dtype=np.float32), "f": np.asfortranarray(np.arange(6).reshape(2, 3)), "b": b"\x00\xff",
        "s": np.float64(2.5), "t": (1, None, True, 2.5, "\xfc"), "o": collections.OrderedDict(x=[1]),
        "d": collections.defaultdict(list, {1: [2]}), "set": {1, 2},
    }  # fmt: skip
    loaded = loaded_from(tmp_path, pickle.dumps(value, protocol=protocol))
    assert (loaded["a"] == value["a"]).all() and (loaded["f"] == value["f"]).all()
    assert {k: v for k, v in loaded.items() if k not in "af"} == {k: v for k, v in value.items() if k not in "af"}


@pytest.mark.parametrize("package", [b"numpy.core", b"numpy._core"])
def test_arrays_of_numpy_1_and_2_are_read(tmp_path, package):
    writer = Python2Pickle()
    writer.value(np.arange(6, dtype=np.float32).reshape(2, 3))
    data = writer.done().replace(b"numpy.core", package)
    assert (loaded_from(tmp_path, data) == np.arange(6).reshape(2, 3)).all()


def test_damaged_or_missing_pickle_says_so(tmp_path):
    with pytest.raises(DataError, match="is missing"):
        load_pickle(tmp_path / "none.pkl")
    (tmp_path / "half.pkl").write_bytes(pickle.dumps(np.zeros(100))[:60])
    with pytest.raises(DataError, match="cannot be read as a pickle .* download it again"):
        load_pickle(tmp_path / "half.pkl")
