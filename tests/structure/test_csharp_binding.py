"""The structs and functions that examples/unity declares again in C#, against the C headers. Runs without C#. With
Mono, tests/examples/test_unity.py asks it for the offsets too."""

from __future__ import annotations

import c_headers
import csharp_binding
import pytest

HEADERS = c_headers.read()
SOURCE = csharp_binding.PATH.read_text(encoding="utf-8")
BINDING = csharp_binding.parse(SOURCE)

# What a game does not need. A function that is new in the headers belongs here or into the binding.
NOT_IN_CSHARP = {
    "dt_version", "dt_abi_version", "dt_status_string", "dt_backend_count", "dt_backend_get_info", "dt_backend_probe",
    "dt_set_log", "dt_set_allocator", "dt_allocated_bytes",  # callbacks and IL2CPP do not mix well
    "dt_model_open_reader", "dt_model_default_emotion", "dt_model_motion_space", "dt_model_precision",
    "dt_model_metadata_json", "dt_model_enroll_emotions", "dt_model_log_mel", "dt_stream_get_stats",
    "dt_scheduler_get_stats", "dt_device_array_create", "dt_device_array_release", "dt_device_array_get_info",
    "dt_device_array_wait", "dt_stream_pull_device", "dt_stream_pull_device_with_pose", "dt_rig_create",
    "dt_rig_release", "dt_rig_pose", "dt_raster_view_init", "dt_raster_draw", "dt_noise_fill", "dt_resample",
    "dt_bundle_check", "dt_bundle_read", "dt_bundle_read_memory",
}  # fmt: skip


def test_structs_and_functions_are_those_of_the_headers():
    assert csharp_binding.differences(HEADERS, BINDING) == []


def test_structs_have_the_size_of_the_headers():
    expected = {name: c_headers.layout(HEADERS.structs[c])[1] for name, c in csharp_binding.STRUCTS.items()}
    assert csharp_binding.sizes(BINDING) == expected


def test_every_function_of_the_headers_is_bound_or_left_out_on_purpose():
    assert set(HEADERS.functions) == set(BINDING.functions) | NOT_IN_CSHARP
    assert not set(BINDING.functions) & NOT_IN_CSHARP


def test_constants_are_those_of_the_headers():
    assert BINDING.constants["BufferFull"] == str(HEADERS.constants["DT_BUFFER_FULL"])
    assert BINDING.constants["Stale"] == str(HEADERS.constants["DT_STALE"])
    major, minor = HEADERS.constants["DT_ABI_MAJOR"], HEADERS.constants["DT_ABI_MINOR"]
    assert BINDING.constants["AbiVersion"] == f"{major}u << 16 | {minor}u"


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("public int FpsNum;        // frames per second = FpsNum / FpsDen\n        public int FpsDen;",
         "public int FpsDen;\n        public int FpsNum;", "dt_model_info.fps_num"),
        ("public int Mels;", "", "dt_model_info"),
        ("public long StreamBytes;", "public int StreamBytes;", "dt_profile_info.stream_bytes"),
        ("public float GateOpenDbfs;", "public int GateOpenDbfs;", "dt_stream_options.gate_open_dbfs"),
        ("public IntPtr EngineFolder;", "public int EngineFolder;", "dt_model_options.engine_folder"),
        ("dt_scheduler_add(IntPtr scheduler, IntPtr stream)", "dt_scheduler_add(IntPtr stream, IntPtr scheduler)",
         "dt_scheduler_add.scheduler"),
        ("extern int dt_stream_pause(IntPtr stream, int paused)", "extern int dt_stream_pause(IntPtr stream)",
         "dt_stream_pause"),
        ("extern void dt_stream_release", "extern int dt_stream_release", "dt_stream_release"),
        ("extern int dt_stream_seek(IntPtr stream, long frame)", "extern int dt_stream_seek(IntPtr stream, int frame)",
         "dt_stream_seek.frame"),
        ("dt_stream_flush(", "dt_stream_fluhs(", "dt_stream_fluhs"),
    ],
)  # fmt: skip
def test_a_change_of_the_binding_is_found(old, new, where):
    assert SOURCE.count(old) == 1
    found = csharp_binding.differences(HEADERS, csharp_binding.parse(SOURCE.replace(old, new)))
    assert found and found[0].startswith(where), found


def test_a_field_that_moves_in_the_headers_is_found():
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(c_headers.FOLDER.glob("*.h")))
    moved = text.replace(
        "  int32_t is_flushed;\n  int32_t is_paused;\n", "  int32_t is_paused;\n  int32_t is_flushed;\n"
    )
    assert moved != text
    assert csharp_binding.differences(c_headers.parse(moved), BINDING) == [
        "dt_stream_info.is_paused: IsFlushed is in its place",
        "dt_stream_info.is_flushed: IsPaused is in its place",
    ]


def test_what_is_not_understood_is_an_error():
    with pytest.raises(ValueError, match="not understood"):
        csharp_binding.parse(SOURCE.replace("public int Mels;", "public fixed int Mels[3];"))
