#include "CKernels.h"

int gatehouse_vector_level(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return GATEHOUSE_PORTABLE;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl"))
    return GATEHOUSE_AVX512;
  return GATEHOUSE_AVX2;
#else
  return GATEHOUSE_PORTABLE;
#endif
}
