#include "trees.h"

/// As many rows as this are quicker one by one than in a group that they do not fill.
enum { FEW_ROWS = 2 };

void gatehouse_add_leaves(
    int level, const gatehouse_forest *forest, const void *groups, size_t group_bytes, size_t row_count,
    double *sums) {
  const char *group = groups;
  if (row_count <= FEW_ROWS) {
    for (size_t row = 0; row < row_count; row++) {
      if (forest->is_wide)
        gatehouse_walk64_row(forest, group + row * 8, sums + row * forest->outputs);
      else
        gatehouse_walk32_row(forest, group + row * 4, sums + row * forest->outputs);
    }
    return;
  }
#if defined(__x86_64__)
  if (level >= GATEHOUSE_AVX512 && forest->leaf_limit != 0) {
    if (forest->is_wide)
      gatehouse_test_rows64(forest, group, group_bytes, row_count, sums);
    else
      gatehouse_test_rows32(forest, group, group_bytes, row_count, sums);
    return;
  }
#endif
  (void)level;
  if (forest->is_wide)
    gatehouse_walk64(forest, group, group_bytes, row_count, sums);
  else
    gatehouse_walk32(forest, group, group_bytes, row_count, sums);
}
