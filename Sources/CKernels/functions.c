#include <math.h>
#include <string.h>

#include "CKernels.h"

// The exponential and what is made of it, eight numbers at a time. Without fused multiply-adds they would lose
// more than a unit in the last place; there the C library's functions stand in.

typedef double numbers __attribute__((ext_vector_type(8)));
typedef int64_t integers __attribute__((ext_vector_type(8)));

#if defined(__x86_64__)

enum { LANES = 8 };

/// exp(x) = 2^n (1 + e) with n = round(x / ln 2) and e = expm1(x - n ln 2), |x - n ln 2| <= 0.35.
///
/// ln 2 in two parts, so that the difference is exact to the last place; e by its series to the 13th power,
/// whose remainder is below 2^-57. 2^n is made in two halves, for neither 2^1024 nor 2^-1074 is a normal number.
#define EXPONENTIAL(x, n, e)                                                               \
  const numbers magic = (numbers)(0x1.8p52);                                            \
  const numbers shifted = __builtin_elementwise_fma(x, (numbers)(0x1.71547652b82fep+0), magic); \
  const numbers whole = shifted - magic;                                                   \
  const integers n = (integers)shifted - (integers)magic;                                  \
  numbers r = __builtin_elementwise_fma(whole, (numbers)(-0x1.62e42fefa39efp-1), x);     \
  r = __builtin_elementwise_fma(whole, (numbers)(-0x1.abc9e3b39803fp-56), r);            \
  const numbers r2 = r * r;                                                                \
  numbers even = (numbers)(1.0 / 479001600);                                            \
  numbers odd = (numbers)(1.0 / 6227020800);                                            \
  even = __builtin_elementwise_fma(even, r2, (numbers)(1.0 / 3628800));                 \
  odd = __builtin_elementwise_fma(odd, r2, (numbers)(1.0 / 39916800));                  \
  even = __builtin_elementwise_fma(even, r2, (numbers)(1.0 / 40320));                   \
  odd = __builtin_elementwise_fma(odd, r2, (numbers)(1.0 / 362880));                    \
  even = __builtin_elementwise_fma(even, r2, (numbers)(1.0 / 720));                     \
  odd = __builtin_elementwise_fma(odd, r2, (numbers)(1.0 / 5040));                      \
  even = __builtin_elementwise_fma(even, r2, (numbers)(1.0 / 24));                      \
  odd = __builtin_elementwise_fma(odd, r2, (numbers)(1.0 / 120));                       \
  even = __builtin_elementwise_fma(even, r2, (numbers)(0.5));                           \
  odd = __builtin_elementwise_fma(odd, r2, (numbers)(1.0 / 6));                         \
  const numbers e = __builtin_elementwise_fma(__builtin_elementwise_fma(odd, r, even), r2, r);

/// 2^n for n from -1022 to 1023.
#define POWER(n) ((numbers)(((n) + 1023) << 52))

/// `least` where x is below it, `most` where it is above; NaN stays.
#define CLAMPED(x, least, most)                                    \
  ({                                                               \
    numbers clamped = (x);                                         \
    clamped = clamped > (most) ? (numbers)(most) : clamped;   \
    clamped < (least) ? (numbers)(least) : clamped;           \
  })

#define EXP(x)                                                     \
  ({                                                               \
    const numbers bounded = CLAMPED(x, -746.0, 710.0);             \
    EXPONENTIAL(bounded, n, e)                                     \
    const integers half = n >> 1;                                  \
    (e + 1.0) * POWER(half) * POWER(n - half);                     \
  })

#define LOGISTIC(x)                                                \
  ({                                                               \
    const numbers power = EXP(-(x));                               \
    1.0 / (power + 1.0);                                           \
  })

/// tanh x = E / (E + 2) with E = expm1(2 |x|), and the sign of x; from 20 on it is 1.
#define TANH(x)                                                                       \
  ({                                                                                  \
    const integers sign = (integers)(x) & INT64_MIN;                                  \
    const numbers doubled = 2.0 * CLAMPED((numbers)((integers)(x) & INT64_MAX), 0.0, 20.0); \
    EXPONENTIAL(doubled, n, e)                                                        \
    const numbers power = POWER(n);                                                   \
    const numbers less = __builtin_elementwise_fma(power, e, power - 1.0);            \
    (numbers)((integers)(less / (less + 2.0)) | sign);                                \
  })

#define FUNCTION(NAME, TARGET, OF)                                     \
  __attribute__((target(TARGET))) static void NAME(double *x, size_t count) { \
    size_t i = 0;                                                      \
    for (; i + LANES <= count; i += LANES) {                           \
      numbers some;                                                    \
      memcpy(&some, x + i, sizeof some);                               \
      some = OF(some);                                                 \
      memcpy(x + i, &some, sizeof some);                               \
    }                                                                  \
    if (i < count) {                                                   \
      numbers some = {};                                               \
      memcpy(&some, x + i, (count - i) * sizeof(double));              \
      some = OF(some);                                                 \
      memcpy(x + i, &some, (count - i) * sizeof(double));              \
    }                                                                  \
  }

FUNCTION(exp256, "avx2,fma", EXP)
FUNCTION(tanh256, "avx2,fma", TANH)
FUNCTION(logistic256, "avx2,fma", LOGISTIC)
FUNCTION(exp512, "avx512f,avx512bw,avx512cd,avx512dq,avx512vl", EXP)
FUNCTION(tanh512, "avx512f,avx512bw,avx512cd,avx512dq,avx512vl", TANH)
FUNCTION(logistic512, "avx512f,avx512bw,avx512cd,avx512dq,avx512vl", LOGISTIC)

#define CHOOSE(level, wide, middle, ...)                            \
  if ((level) >= GATEHOUSE_AVX512) return wide(__VA_ARGS__);        \
  if ((level) >= GATEHOUSE_AVX2) return middle(__VA_ARGS__);

#else

#define CHOOSE(level, wide, middle, ...) (void)level;

#endif

void gatehouse_exp(int level, double *x, size_t count) {
  CHOOSE(level, exp512, exp256, x, count)
  for (size_t i = 0; i < count; i++) x[i] = exp(x[i]);
}

void gatehouse_tanh(int level, double *x, size_t count) {
  CHOOSE(level, tanh512, tanh256, x, count)
  for (size_t i = 0; i < count; i++) x[i] = tanh(x[i]);
}

void gatehouse_logistic(int level, double *x, size_t count) {
  CHOOSE(level, logistic512, logistic256, x, count)
  for (size_t i = 0; i < count; i++) x[i] = 1 / (1 + exp(-x[i]));
}

// MARK: - Loops that the compiler makes wide by itself

/// The bits of an infinity in single precision are the greatest of a number, those of NaN are beyond.
static inline __attribute__((always_inline)) int is_refused32(float x, uint32_t most) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  bits &= 0x7fffffff;
  return bits >= 0x7f800000 && bits <= most;
}

static inline __attribute__((always_inline)) int is_refused64(double x, uint64_t most) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  bits &= INT64_MAX;
  return bits >= 0x7ff0000000000000 && bits <= most;
}

enum { STRIDE = 256 };

#define FIRST(NAME, TARGET, IS_REFUSED, CAST, WORD, INFINITE, MOST)                      \
  TARGET static size_t NAME(const double *x, size_t count, int allows_nan) {             \
    const WORD most = allows_nan ? (WORD)INFINITE : (WORD)MOST;                          \
    for (size_t start = 0; start < count; start += STRIDE) {                             \
      const size_t end = count - start < STRIDE ? count : start + STRIDE;                \
      int any = 0;                                                                       \
      for (size_t i = start; i < end; i++) any |= IS_REFUSED((CAST)x[i], most);          \
      if (any)                                                                           \
        for (size_t i = start; i < end; i++)                                             \
          if (IS_REFUSED((CAST)x[i], most)) return i;                                    \
    }                                                                                    \
    return count;                                                                        \
  }

#define LOOPS(SUFFIX, TARGET)                                                                          \
  FIRST(first##SUFFIX, TARGET, is_refused64, double, uint64_t, 0x7ff0000000000000, INT64_MAX)          \
  FIRST(first_single##SUFFIX, TARGET, is_refused32, float, uint32_t, 0x7f800000, INT32_MAX)            \
  TARGET static void relu##SUFFIX(double *x, size_t count) {                                           \
    for (size_t i = 0; i < count; i++) x[i] = x[i] < 0 ? 0 : x[i];                                     \
  }                                                                                                    \
  TARGET static void round##SUFFIX(const double *x, size_t count, double *y) {                         \
    for (size_t i = 0; i < count; i++) y[i] = (float)x[i];                                             \
  }

LOOPS(_portable, )
#if defined(__x86_64__)
LOOPS(_256, __attribute__((target("avx2,fma"))))
LOOPS(_512, __attribute__((target("avx512f,avx512bw,avx512cd,avx512dq,avx512vl"))))
#endif

void gatehouse_relu(int level, double *x, size_t count) {
  CHOOSE(level, relu_512, relu_256, x, count)
  relu_portable(x, count);
}

void gatehouse_round_to_single(int level, const double *x, size_t count, double *y) {
  CHOOSE(level, round_512, round_256, x, count, y)
  round_portable(x, count, y);
}

size_t gatehouse_first_not_finite(int level, const double *x, size_t count, int allows_nan) {
  CHOOSE(level, first_512, first_256, x, count, allows_nan)
  return first_portable(x, count, allows_nan);
}

size_t gatehouse_first_not_finite_single(int level, const double *x, size_t count, int allows_nan) {
  CHOOSE(level, first_single_512, first_single_256, x, count, allows_nan)
  return first_single_portable(x, count, allows_nan);
}
