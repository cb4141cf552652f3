"""The CPU features that a model may ask for, by their names in /proc/cpuinfo."""

from typing import Final

X86_FEATURES: Final = frozenset(
    {
        "3dnow", "abm", "adx", "aes", "amx_bf16", "amx_int8", "amx_tile", "avx",
        "avx2", "avx512_bf16", "avx512_bitalg", "avx512_fp16", "avx512_vbmi2",
        "avx512_vnni", "avx512_vpopcntdq", "avx512bw", "avx512cd", "avx512dq",
        "avx512f", "avx512ifma", "avx512vbmi", "avx512vl", "avx_vnni", "bmi1", "bmi2",
        "cx16", "f16c", "fma", "fma4", "gfni", "lahf_lm", "mmx", "movbe", "pclmulqdq",
        "pni", "popcnt", "sha_ni", "sse", "sse2", "sse4_1", "sse4_2", "sse4a", "ssse3",
        "vaes", "vpclmulqdq", "xop", "xsave",
    }
)  # fmt: skip
ARM_FEATURES: Final = frozenset(
    {
        "aes", "asimd", "asimddp", "asimdhp", "bf16", "crc32", "fp", "fphp", "i8mm",
        "neon", "sve", "sve2",
    }
)  # fmt: skip
