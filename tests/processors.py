"""The numeric tests once more as other processors compute them: python tests/processors.py [SETTING …] [pytest options]

Each setting is an environment that keeps torch, oneDNN, NumPy and numba from instructions that this processor may have.
"""

import os
import subprocess
import sys
from pathlib import Path

from numpy._core._multiarray_umath import __cpu_dispatch__ as NUMPY

TESTS = Path(__file__).parent
NUMERIC = [
    "methods", "kernels/test_twins.py", "kernels/test_twins_people.py", "kernels/test_match_hungarian.py",
    "export/test_export.py", "export/test_torch_bits.py",
    "nn/test_blocks.py", "nn/test_head.py", "nn/test_model.py", "nn/test_pretrained.py",
    "predict/test_estimator.py", "predict/test_preprocess.py",
    "data/test_augment.py", "data/test_color.py", "data/test_dataset.py",
    "evaluate/test_oks.py", "evaluate/test_diagnosis.py", "evaluate/test_crowdpose.py", "evaluate/test_sigmas.py",
    "train/test_loss.py", "train/test_optim.py", "train/test_teacher.py", "train/test_start.py", "train/test_ema.py",
    "train/test_run.py::test_a_killed_run_goes_on_as_if_nothing_had_been",
    "train/test_run.py::test_training_lowers_the_loss_with_a_teacher_alone",
    "train/test_run.py::test_validation_sees_what_users_will_see",
    "weights/test_authors.py", "weights/test_caffe.py", "weights/test_lightweight.py", "weights/test_openvino_ir.py",
    "test_fields.py", "test_foreign_fields.py", "test_geometry.py", "test_people.py", "test_default_network.py",
    "test_golden.py::test_ap_of_the_grouping", "viz/test_viz_curves.py", "viz/test_viz_candidate.py",
    "viz/test_viz_grouping.py", "explore/test_observation.py",
]  # fmt: skip

# NumPy 2.4 speaks of levels of x86-64 (V3 has AVX2, V4 AVX-512), earlier ones of each set of instructions.
AVX512 = [name for name in NUMPY if "AVX512" in name or name == "X86_V4"]
SETTINGS = {
    "avx2": {
        "ATEN_CPU_CAPABILITY": "avx2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "NPY_DISABLE_CPU_FEATURES": " ".join(AVX512),
        "OMP_NUM_THREADS": "2",
        "BUPOSE_TEST_THREADS": "2",
    },
    "oldest": {
        "ATEN_CPU_CAPABILITY": "default",
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "NPY_DISABLE_CPU_FEATURES": " ".join(NUMPY),
        "NUMBA_CPU_NAME": "generic",
        "NUMBA_CPU_FEATURES": "",
        "OMP_NUM_THREADS": "1",
        "BUPOSE_TEST_THREADS": "1",
    },
}


def main(arguments: list[str]) -> int:
    chosen = [argument for argument in arguments if argument in SETTINGS] or list(SETTINGS)
    options = [argument for argument in arguments if argument not in SETTINGS]
    # Few examples of each property: the many are the ordinary run's.
    command = [sys.executable, "-m", "pytest", "--hypothesis-profile=short", *options]
    failed = []
    for name in chosen:
        print(f"\nas on another processor: {name}", flush=True)
        environment = {**os.environ, **SETTINGS[name]}
        done = subprocess.run([*command, *(str(TESTS / part) for part in NUMERIC)], env=environment, check=False)
        failed += [name] * (done.returncode != 0)
    print("\n" + (f"failed: {', '.join(failed)}" if failed else f"the numeric tests pass as on {', '.join(chosen)}"))
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
