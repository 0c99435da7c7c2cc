"""What the lock files pin. Written by: bazel run //products/iree/payload:update"""

LOCKED = {
    "any": {
        "py3-none": {
            "iree-tools-tf": "20260316.1567",
            "iree-tools-tflite": "20260316.1567",
        },
    },
    "linux_aarch64": {
        "cp311-cp311": {
            "iree-base-compiler": "3.13.0",
            "iree-base-runtime": "3.13.0",
        },
        "cp312-abi3": {
            "iree-base-compiler": "3.13.0",
            "iree-base-runtime": "3.13.0",
        },
    },
    "linux_x86_64": {
        "cp311-cp311": {
            "iree-base-compiler": "3.13.0",
            "iree-base-runtime": "3.13.0",
        },
        "cp312-abi3": {
            "iree-base-compiler": "3.13.0",
            "iree-base-runtime": "3.13.0",
        },
    },
    "macos_arm64": {
        "cp312-abi3": {
            "iree-base-compiler": "3.13.0",
            "iree-base-runtime": "3.13.0",
        },
    },
    "windows_x86_64": {
        "cp312-abi3": {
            "iree-base-compiler": "3.13.0",
            "iree-base-runtime": "3.13.0",
        },
    },
}
