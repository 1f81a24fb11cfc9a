#include <string.h>

#include "CKernels.h"

// Matrix products. The weights are packed so that what is read side by side stands side by side; a block of rows
// is held in registers against one panel of outputs, so that each weight read serves several rows. The sum of an
// output is one chain over the inputs in order; where there are many inputs it is set down and taken up again,
// which rounds nothing.

enum { PANEL = GATEHOUSE_PANEL, INPUT_BLOCK = 256 };

void gatehouse_pack_weights(const double *weights, size_t outputs, size_t inputs, double *packed) {
  for (size_t start = 0; start < outputs; start += PANEL) {
    double *panel = packed + start * inputs;
    for (size_t k = 0; k < inputs; k++)
      for (size_t o = 0; o < PANEL; o++)
        panel[k * PANEL + o] = start + o < outputs ? weights[(start + o) * inputs + k] : 0;
  }
}

/// What a block of rows is multiplied with, and where it goes.
typedef struct {
  const double *x;
  size_t x_stride;
  /// One panel from the first input of the block on.
  const double *panel;
  size_t inputs;
  double *y;
  size_t y_stride;
  /// How many outputs of the panel there are.
  size_t outputs;
  /// Whether `y` holds the sums of earlier inputs.
  int continues;
  /// The bias of the panel, in the last block of inputs, else NULL.
  const double *bias;
  /// Whether the last block of inputs leaves zero where it is below.
  int is_rectified;
} block;

#if defined(__x86_64__)

#include <immintrin.h>

#define INLINE static inline __attribute__((always_inline))
#define AVX2 __attribute__((target("avx2,fma")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512cd,avx512dq,avx512vl")))

/// Zero where it is below; NaN and -0 stay, as in `x < 0 ? 0 : x`.
AVX512 INLINE __m512d rectified512(__m512d x) {
  return _mm512_maskz_mov_pd(_mm512_cmp_pd_mask(x, _mm512_setzero_pd(), _CMP_NLT_UQ), x);
}

AVX2 INLINE __m256d rectified256(__m256d x) {
  return _mm256_and_pd(x, _mm256_cmp_pd(x, _mm256_setzero_pd(), _CMP_NLT_UQ));
}

/// `rows` rows by one panel: 2 x rows sums in registers.
AVX512 INLINE void panel512(const block *b, size_t rows) {
  const __mmask8 first = b->outputs >= 8 ? 0xff : (__mmask8)((1u << b->outputs) - 1);
  const __mmask8 second = b->outputs <= 8 ? 0 : (__mmask8)((1u << (b->outputs - 8)) - 1);
  __m512d low[12], high[12];
  for (size_t r = 0; r < rows; r++) {
    low[r] = high[r] = _mm512_setzero_pd();
    if (b->continues) {
      low[r] = _mm512_maskz_loadu_pd(first, b->y + r * b->y_stride);
      high[r] = _mm512_maskz_loadu_pd(second, b->y + r * b->y_stride + 8);
    }
  }
  const double *panel = b->panel;
  if (second) {
    for (size_t k = 0; k < b->inputs; k++, panel += PANEL) {
      const __m512d w0 = _mm512_loadu_pd(panel), w1 = _mm512_loadu_pd(panel + 8);
#pragma clang loop unroll(full)
      for (size_t r = 0; r < rows; r++) {
        const __m512d x = _mm512_set1_pd(b->x[r * b->x_stride + k]);
        low[r] = _mm512_fmadd_pd(x, w0, low[r]);
        high[r] = _mm512_fmadd_pd(x, w1, high[r]);
      }
    }
  } else {
    for (size_t k = 0; k < b->inputs; k++, panel += PANEL) {
      const __m512d w0 = _mm512_loadu_pd(panel);
#pragma clang loop unroll(full)
      for (size_t r = 0; r < rows; r++)
        low[r] = _mm512_fmadd_pd(_mm512_set1_pd(b->x[r * b->x_stride + k]), w0, low[r]);
    }
  }
  for (size_t r = 0; r < rows; r++) {
    if (b->bias) {
      low[r] = _mm512_add_pd(low[r], _mm512_maskz_loadu_pd(first, b->bias));
      high[r] = _mm512_add_pd(high[r], _mm512_maskz_loadu_pd(second, b->bias + 8));
      if (b->is_rectified) low[r] = rectified512(low[r]), high[r] = rectified512(high[r]);
    }
    _mm512_mask_storeu_pd(b->y + r * b->y_stride, first, low[r]);
    if (second) _mm512_mask_storeu_pd(b->y + r * b->y_stride + 8, second, high[r]);
  }
}

/// One row by four whole panels: enough chains to hide how long one addition takes.
AVX512 static void row512(const block *b, size_t panel_stride) {
  __m512d sums[8];
  for (int i = 0; i < 8; i++)
    sums[i] = b->continues ? _mm512_loadu_pd(b->y + 8 * i) : _mm512_setzero_pd();
  for (size_t k = 0; k < b->inputs; k++) {
    const __m512d x = _mm512_set1_pd(b->x[k]);
#pragma clang loop unroll(full)
    for (int i = 0; i < 8; i++)
      sums[i] = _mm512_fmadd_pd(
          x, _mm512_loadu_pd(b->panel + (size_t)(i / 2) * panel_stride + k * PANEL + (size_t)(i % 2) * 8),
          sums[i]);
  }
  for (int i = 0; i < 8; i++) {
    if (b->bias) {
      sums[i] = _mm512_add_pd(sums[i], _mm512_loadu_pd(b->bias + 8 * i));
      if (b->is_rectified) sums[i] = rectified512(sums[i]);
    }
    _mm512_storeu_pd(b->y + 8 * i, sums[i]);
  }
}

/// `rows` rows by half a panel, `half` 0 or 8.
AVX2 INLINE void panel256(const block *b, size_t rows, size_t half) {
  const size_t outputs = b->outputs - half < 8 ? b->outputs - half : 8;
  __m256i mask[2];
  for (int i = 0; i < 2; i++)
    mask[i] = _mm256_cmpgt_epi64(
        _mm256_set1_epi64x((long long)outputs), _mm256_add_epi64(_mm256_set_epi64x(3, 2, 1, 0), _mm256_set1_epi64x(4 * i)));
  __m256d low[6], high[6];
  for (size_t r = 0; r < rows; r++) {
    low[r] = high[r] = _mm256_setzero_pd();
    if (b->continues) {
      low[r] = _mm256_maskload_pd(b->y + r * b->y_stride + half, mask[0]);
      high[r] = _mm256_maskload_pd(b->y + r * b->y_stride + half + 4, mask[1]);
    }
  }
  const double *panel = b->panel + half;
  for (size_t k = 0; k < b->inputs; k++, panel += PANEL) {
    const __m256d w0 = _mm256_loadu_pd(panel), w1 = _mm256_loadu_pd(panel + 4);
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r++) {
      const __m256d x = _mm256_broadcast_sd(b->x + r * b->x_stride + k);
      low[r] = _mm256_fmadd_pd(x, w0, low[r]);
      high[r] = _mm256_fmadd_pd(x, w1, high[r]);
    }
  }
  for (size_t r = 0; r < rows; r++) {
    if (b->bias) {
      low[r] = _mm256_add_pd(low[r], _mm256_maskload_pd(b->bias + half, mask[0]));
      high[r] = _mm256_add_pd(high[r], _mm256_maskload_pd(b->bias + half + 4, mask[1]));
      if (b->is_rectified) low[r] = rectified256(low[r]), high[r] = rectified256(high[r]);
    }
    _mm256_maskstore_pd(b->y + r * b->y_stride + half, mask[0], low[r]);
    _mm256_maskstore_pd(b->y + r * b->y_stride + half + 4, mask[1], high[r]);
  }
}

AVX512 static size_t rows512(const block *b, size_t rows) {
  if (rows >= 12) return panel512(b, 12), 12;
  if (rows >= 8) return panel512(b, 8), 8;
  if (rows >= 4) return panel512(b, 4), 4;
  if (rows >= 2) return panel512(b, 2), 2;
  return panel512(b, 1), 1;
}

AVX2 static size_t rows256(const block *b, size_t rows) {
  size_t taken = rows >= 6 ? 6 : rows >= 4 ? 4 : rows >= 2 ? 2 : 1;
  for (size_t half = 0; half < b->outputs; half += 8) {
    switch (taken) {
      case 6: panel256(b, 6, half); break;
      case 4: panel256(b, 4, half); break;
      case 2: panel256(b, 2, half); break;
      default: panel256(b, 1, half);
    }
  }
  return taken;
}

#endif

/// One row by one panel.
static size_t rows_portable(const block *b) {
  double sums[PANEL];
  for (size_t o = 0; o < b->outputs; o++) sums[o] = b->continues ? b->y[o] : 0;
  for (size_t k = 0; k < b->inputs; k++)
    for (size_t o = 0; o < b->outputs; o++)
      sums[o] = __builtin_fma(b->x[k], b->panel[k * PANEL + o], sums[o]);
  for (size_t o = 0; o < b->outputs; o++) {
    if (b->bias) sums[o] += b->bias[o];
    b->y[o] = b->bias && b->is_rectified && sums[o] < 0 ? 0 : sums[o];
  }
  return 1;
}

static size_t take_rows(int level, const block *b, size_t rows) {
#if defined(__x86_64__)
  if (level >= GATEHOUSE_AVX512) return rows512(b, rows);
  if (level >= GATEHOUSE_AVX2) return rows256(b, rows);
#endif
  (void)level;
  (void)rows;
  return rows_portable(b);
}

void gatehouse_multiply(
    int level, const double *x, size_t rows, size_t inputs, const double *packed, const double *bias,
    size_t outputs, int is_rectified, double *y) {
  size_t k = 0;
  do {
    const size_t count = inputs - k < INPUT_BLOCK ? inputs - k : INPUT_BLOCK;
    const int is_last = k + count == inputs;
    size_t start = 0;
    while (start < outputs) {
      block b = {
          .x_stride = inputs,
          .panel = packed + start * inputs + k * PANEL,
          .inputs = count,
          .y_stride = outputs,
          .outputs = outputs - start < PANEL ? outputs - start : PANEL,
          .continues = k > 0,
          .bias = is_last ? bias + start : 0,
          .is_rectified = is_rectified,
      };
#if defined(__x86_64__)
      if (rows == 1 && level >= GATEHOUSE_AVX512 && outputs - start >= 4 * PANEL) {
        b.x = x + k;
        b.y = y + start;
        row512(&b, PANEL * inputs);
        start += 4 * PANEL;
        continue;
      }
#endif
      for (size_t row = 0; row < rows;) {
        b.x = x + row * inputs + k;
        b.y = y + row * outputs + start;
        row += take_rows(level, &b, rows - row);
      }
      start += PANEL;
    }
    k += count;
  } while (k < inputs);
}

// MARK: - Few outputs, few inputs

/// Eight rows side by side, for each addition waits for the one before it.
#define FEW(NAME, TARGET)                                                                             \
  TARGET static void NAME(                                                                            \
      const double *x, size_t rows, size_t inputs, const double *weights, const double *bias,         \
      size_t outputs, double *y) {                                                                    \
    for (size_t o = 0; o < outputs; o++) {                                                            \
      const double *w = weights + o * inputs;                                                         \
      size_t row = 0;                                                                                 \
      for (; row + 8 <= rows; row += 8) {                                                             \
        double sums[8] = {0};                                                                         \
        const double *some = x + row * inputs;                                                        \
        for (size_t k = 0; k < inputs; k++) {                                                         \
          _Pragma("clang loop unroll(full)") for (size_t r = 0; r < 8; r++) sums[r] =                 \
              __builtin_fma(some[r * inputs + k], w[k], sums[r]);                                     \
        }                                                                                             \
        for (size_t r = 0; r < 8; r++) y[(row + r) * outputs + o] = sums[r] + bias[o];                \
      }                                                                                               \
      for (; row < rows; row++) {                                                                     \
        double sum = 0;                                                                               \
        for (size_t k = 0; k < inputs; k++) sum = __builtin_fma(x[row * inputs + k], w[k], sum);      \
        y[row * outputs + o] = sum + bias[o];                                                         \
      }                                                                                               \
    }                                                                                                 \
  }

/// One panel after another, its weights for each input side by side.
#define SPARSE(NAME, TARGET)                                                                          \
  TARGET static void NAME(                                                                            \
      const double *x, const int32_t *columns, size_t count, size_t inputs, const double *packed,     \
      const double *bias, size_t outputs, double *y) {                                                \
    for (size_t start = 0; start < outputs; start += PANEL) {                                         \
      const double *panel = packed + start * inputs;                                                  \
      double sums[PANEL] = {0};                                                                       \
      for (size_t i = 0; i < count; i++) {                                                            \
        const double *w = panel + (size_t)columns[i] * PANEL;                                         \
        for (size_t o = 0; o < PANEL; o++) sums[o] = __builtin_fma(x[i], w[o], sums[o]);              \
      }                                                                                               \
      const size_t end = outputs - start < PANEL ? outputs - start : PANEL;                           \
      for (size_t o = 0; o < end; o++) y[start + o] = sums[o] + bias[start + o];                      \
    }                                                                                                 \
  }

#define SCALE(NAME, TARGET)                                                                           \
  TARGET static void NAME(                                                                            \
      double *x, size_t rows, size_t columns, const double *offset, const double *divisor) {          \
    for (size_t row = 0; row < rows; row++, x += columns) {                                           \
      if (offset && divisor)                                                                          \
        for (size_t i = 0; i < columns; i++) x[i] = (x[i] - offset[i]) / divisor[i];                  \
      else if (offset)                                                                                \
        for (size_t i = 0; i < columns; i++) x[i] -= offset[i];                                       \
      else if (divisor)                                                                               \
        for (size_t i = 0; i < columns; i++) x[i] /= divisor[i];                                      \
    }                                                                                                 \
  }

FEW(few_portable, )
SPARSE(sparse_portable, )
SCALE(scale_portable, )
#if defined(__x86_64__)
FEW(few_256, AVX2)
SPARSE(sparse_256, AVX2)
SCALE(scale_256, AVX2)
SPARSE(sparse_512, AVX512)
SCALE(scale_512, AVX512)
#endif

void gatehouse_multiply_few(
    int level, const double *x, size_t rows, size_t inputs, const double *weights, const double *bias,
    size_t outputs, double *y) {
#if defined(__x86_64__)
  if (level >= GATEHOUSE_AVX2) return few_256(x, rows, inputs, weights, bias, outputs, y);
#endif
  (void)level;
  few_portable(x, rows, inputs, weights, bias, outputs, y);
}

void gatehouse_multiply_sparse(
    int level, const double *x, const int32_t *columns, size_t count, size_t inputs, const double *packed,
    const double *bias, size_t outputs, double *y) {
#if defined(__x86_64__)
  if (level >= GATEHOUSE_AVX512) return sparse_512(x, columns, count, inputs, packed, bias, outputs, y);
  if (level >= GATEHOUSE_AVX2) return sparse_256(x, columns, count, inputs, packed, bias, outputs, y);
#endif
  (void)level;
  sparse_portable(x, columns, count, inputs, packed, bias, outputs, y);
}

void gatehouse_scale(
    int level, double *x, size_t rows, size_t columns, const double *offset, const double *divisor) {
#if defined(__x86_64__)
  if (level >= GATEHOUSE_AVX512) return scale_512(x, rows, columns, offset, divisor);
  if (level >= GATEHOUSE_AVX2) return scale_256(x, rows, columns, offset, divisor);
#endif
  (void)level;
  scale_portable(x, rows, columns, offset, divisor);
}
