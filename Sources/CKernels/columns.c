#include <string.h>

#include "CKernels.h"

/// The unsigned integer that stands in the same order among others as `x` among numbers.
static inline uint32_t ordered32(float x) {
  uint32_t bits;
  x += 0.0f;  // -0 becomes +0.
  memcpy(&bits, &x, sizeof bits);
  return bits ^ ((uint32_t)((int32_t)bits >> 31) | 0x80000000u);
}

static inline uint64_t ordered64(double x) {
  uint64_t bits;
  x += 0.0;
  memcpy(&bits, &x, sizeof bits);
  return bits ^ ((uint64_t)((int64_t)bits >> 63) | 0x8000000000000000u);
}

/// What LightGBM takes for zero: kZeroThreshold of its include/LightGBM/meta.h.
static inline int is_zero(double x) { return x >= -1e-35f && x <= 1e-35f; }

static inline uint64_t category(double x, int has_to_be_whole) {
  if (x != x) return 0;
  // Nothing below 0 is a category, nor anything that no set is large enough for.
  if (!(x > -1 && x < 4294967296.0)) return UINT64_MAX;
  const uint64_t whole = (uint64_t)x;
  return has_to_be_whole && (double)whole != x ? UINT64_MAX : whole + 1;
}

/// One element that is not just a number in its order.
static uint64_t special(double x, uint32_t kind, int is_wide) {
  const uint64_t greatest = is_wide ? UINT64_MAX : UINT32_MAX;
  switch (kind) {
    case GATEHOUSE_COLUMN_MISSING_RIGHT:
      if (x != x) return greatest;
      break;
    case GATEHOUSE_COLUMN_MISSING_LEFT:
      if (x != x) return 0;
      break;
    case GATEHOUSE_COLUMN_MISSING_IS_ZERO:
      if (x != x) x = 0;
      break;
    case GATEHOUSE_COLUMN_ZERO_RIGHT:
      if (x != x || is_zero(x)) return greatest;
      break;
    case GATEHOUSE_COLUMN_ZERO_LEFT:
      if (x != x || is_zero(x)) return 0;
      break;
    case GATEHOUSE_COLUMN_CATEGORY:
    case GATEHOUSE_COLUMN_WHOLE_CATEGORY: {
      const uint64_t number = category(x, kind == GATEHOUSE_COLUMN_WHOLE_CATEGORY);
      return number < greatest ? number : greatest;
    }
    default:
      return 0;
  }
  return is_wide ? ordered64(x) : ordered32((float)x);
}

void gatehouse_make_columns(
    int level, const double *rows, size_t stride, size_t row_count, const gatehouse_column *columns,
    size_t column_count, int is_wide, int single, void *group) {
  (void)level;
  if (is_wide) {
    uint64_t *out = group;
    for (size_t column = 0; column < column_count; column++) {
      const uint32_t kind = columns[column].kind;
      const double *x = rows + columns[column].feature;
      for (size_t row = 0; row < row_count; row++) {
        const double number = single ? (double)(float)x[row * stride] : x[row * stride];
        out[column * 8 + row] = kind == GATEHOUSE_COLUMN_MISSING_RIGHT
                                    ? (number == number ? ordered64(number) : UINT64_MAX)
                                    : special(number, kind, 1);
      }
    }
  } else {
    uint32_t *out = group;
    for (size_t column = 0; column < column_count; column++) {
      const uint32_t kind = columns[column].kind;
      const double *x = rows + columns[column].feature;
      for (size_t row = 0; row < row_count; row++) {
        const float number = (float)x[row * stride];
        out[column * 16 + row] = kind == GATEHOUSE_COLUMN_MISSING_RIGHT
                                     ? (number == number ? ordered32(number) : UINT32_MAX)
                                     : (uint32_t)special(number, kind, 0);
      }
    }
  }
}
