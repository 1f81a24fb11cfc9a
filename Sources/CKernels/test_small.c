#include "trees.h"

// Testing small trees: all inner nodes of a tree, for 16 or 8 rows at once. Where x > threshold, the leaves to
// the left of the node are out; the leftmost leaf that remains is the one reached. (QuickScorer, Lucchese et
// al., SIGIR 2015, with the rows in the lanes as in its vectorised form, SIGIR 2016.)
//
// Trees are taken in their order, for each row's sums are added up in it.

#if defined(__x86_64__)

#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512cd,avx512dq,avx512vl")))
#define INLINE static inline __attribute__((always_inline)) AVX512

/// Sums are `[outputs][rows of a group]` while trees are added to them, up to this many in all.
enum { MOST_OUTPUTS = 64, GROUPS = 4 };

/// The values of the leaves at `index`, eight rows of them.
INLINE __m512d leaf_values(const double *leaves, __m512i index, uint32_t limit) {
  const __m512d first =
      _mm512_permutex2var_pd(_mm512_load_pd(leaves), index, _mm512_load_pd(leaves + 8));
  if (limit <= 16) return first;
  if (limit <= 32) {
    const __m512d second =
        _mm512_permutex2var_pd(_mm512_load_pd(leaves + 16), index, _mm512_load_pd(leaves + 24));
    return _mm512_mask_blend_pd(_mm512_test_epi64_mask(index, _mm512_set1_epi64(16)), first, second);
  }
  return _mm512_i64gather_pd(index, leaves, 8);
}

INLINE __m512d plus(__m512d sum, __m512d value, int rounds) {
  const __m512d result = _mm512_add_pd(sum, value);
  return rounds ? _mm512_cvtps_pd(_mm512_cvtpd_ps(result)) : result;
}

INLINE void test32(
    const gatehouse_forest *forest, uint32_t limit, int rounds, const char *groups, size_t group_bytes,
    size_t group_count, double *sums) {
  const size_t outputs = forest->outputs;
  for (size_t t = 0; t < forest->tree_count; t++) {
    const gatehouse_tree *tree = &forest->trees[t];
    const gatehouse_test32 *tests = (const gatehouse_test32 *)forest->tests + tree->first_test;
    for (size_t g = 0; g < group_count; g++) {
      const char *group = groups + g * group_bytes;
      __m512i low = _mm512_set1_epi32(-1);
      __m512i high = low;
      for (uint32_t n = 0; n < tree->test_count; n++) {
        const __m512i x = _mm512_load_si512(group + tests[n].column);
        const __mmask16 right = _mm512_cmpgt_epu32_mask(x, _mm512_set1_epi32((int)tests[n].threshold));
        low = _mm512_mask_and_epi32(low, right, low, _mm512_set1_epi32((int)tests[n].remaining[0]));
        if (limit > 32)
          high = _mm512_mask_and_epi32(high, right, high, _mm512_set1_epi32((int)tests[n].remaining[1]));
      }
      __m512i index = _mm512_lzcnt_epi32(low);
      if (limit > 32)
        index = _mm512_mask_add_epi32(
            index, _mm512_testn_epi32_mask(low, low), index, _mm512_lzcnt_epi32(high));
      const __m512i first = _mm512_cvtepu32_epi64(_mm512_castsi512_si256(index));
      const __m512i second = _mm512_cvtepu32_epi64(_mm512_extracti64x4_epi64(index, 1));
      double *sum = sums + (g * outputs + tree->target) * 16;
      const double *leaves = forest->leaves + tree->first_leaf;
      for (size_t o = 0; o < forest->leaf_outputs; o++, sum += 16, leaves += forest->leaf_places) {
        _mm512_store_pd(sum, plus(_mm512_load_pd(sum), leaf_values(leaves, first, limit), rounds));
        _mm512_store_pd(sum + 8, plus(_mm512_load_pd(sum + 8), leaf_values(leaves, second, limit), rounds));
      }
    }
  }
}

INLINE void test64(
    const gatehouse_forest *forest, uint32_t limit, int rounds, const char *groups, size_t group_bytes,
    size_t group_count, double *sums) {
  const size_t outputs = forest->outputs;
  for (size_t t = 0; t < forest->tree_count; t++) {
    const gatehouse_tree *tree = &forest->trees[t];
    const gatehouse_test64 *tests = (const gatehouse_test64 *)forest->tests + tree->first_test;
    for (size_t g = 0; g < group_count; g++) {
      const char *group = groups + g * group_bytes;
      __m512i remaining = _mm512_set1_epi64(-1);
      for (uint32_t n = 0; n < tree->test_count; n++) {
        const __m512i x = _mm512_load_si512(group + tests[n].column);
        const __mmask8 right = _mm512_cmpgt_epu64_mask(x, _mm512_set1_epi64((long long)tests[n].threshold));
        remaining = _mm512_mask_and_epi64(
            remaining, right, remaining, _mm512_set1_epi64((long long)tests[n].remaining));
      }
      const __m512i index = _mm512_lzcnt_epi64(remaining);
      double *sum = sums + (g * outputs + tree->target) * 8;
      const double *leaves = forest->leaves + tree->first_leaf;
      for (size_t o = 0; o < forest->leaf_outputs; o++, sum += 8, leaves += forest->leaf_places)
        _mm512_store_pd(sum, plus(_mm512_load_pd(sum), leaf_values(leaves, index, limit), rounds));
    }
  }
}

/// Takes rows through in blocks of a few groups, their sums column by column meanwhile.
#define ROWS(NAME, TEST, LANES)                                                                          \
  AVX512 void NAME(                                                                                      \
      const gatehouse_forest *forest, const char *groups, size_t group_bytes, size_t row_count,          \
      double *sums) {                                                                                    \
    double columns[GROUPS * LANES * MOST_OUTPUTS] __attribute__((aligned(64)));                          \
    const size_t outputs = forest->outputs;                                                              \
    for (size_t row = 0; row < row_count; row += GROUPS * LANES) {                                       \
      const size_t rows = row_count - row < GROUPS * LANES ? row_count - row : GROUPS * LANES;           \
      const size_t group_count = (rows + LANES - 1) / LANES;                                             \
      const char *group = groups + row / LANES * group_bytes;                                            \
      double *sum = sums + row * outputs;                                                                \
      for (size_t i = 0; i < group_count * LANES * outputs; i++) columns[i] = 0;                         \
      for (size_t r = 0; r < rows; r++)                                                                  \
        for (size_t o = 0; o < outputs; o++)                                                             \
          columns[(r / LANES * outputs + o) * LANES + r % LANES] = sum[r * outputs + o];                 \
      if (forest->aggregate == GATEHOUSE_SUM_OF_SINGLES)                                                                           \
        TEST(forest, 64, 1, group, group_bytes, group_count, columns);                                   \
      else if (forest->leaf_limit <= 16)                                                                 \
        TEST(forest, 16, 0, group, group_bytes, group_count, columns);                                   \
      else if (forest->leaf_limit <= 32)                                                                 \
        TEST(forest, 32, 0, group, group_bytes, group_count, columns);                                   \
      else                                                                                               \
        TEST(forest, 64, 0, group, group_bytes, group_count, columns);                                   \
      for (size_t r = 0; r < rows; r++)                                                                  \
        for (size_t o = 0; o < outputs; o++)                                                             \
          sum[r * outputs + o] = columns[(r / LANES * outputs + o) * LANES + r % LANES];                 \
    }                                                                                                    \
  }

ROWS(gatehouse_test_rows32, test32, 16)
ROWS(gatehouse_test_rows64, test64, 8)

#endif
