#include "trees.h"

// Walking: each step is a load of the node, a load of the column, a comparison and an addition. One row after
// the other would wait for each load in turn; eight rows (or, for few rows, eight trees) side by side keep the
// processor busy. All take as many steps as the deepest leaf needs, for a leaf leads to itself: no branch
// depends on the data.

enum { SIDE_BY_SIDE = 8 };

/// The place of the next node, from the root.
static inline __attribute__((always_inline)) uint32_t step32(uint64_t node, const char *group) {
  const uint32_t x = *(const uint32_t *)(group + (((node >> 32) & 0xffff) << 3));
  return (uint32_t)(node >> 48) + (x > (uint32_t)node);
}

static inline __attribute__((always_inline)) uint32_t step64(
    uint64_t threshold, uint64_t rest, const char *group, const uint64_t *sets) {
  const uint64_t x = *(const uint64_t *)(group + ((rest & 0x7fffffff) << 3));
  uint64_t right = x > threshold;
  if (sets != 0) {
    const uint64_t last = (threshold >> 32) - 1;
    // Of a node that has no set, any bit: there is always a first word.
    const uint64_t is_set = (rest >> 31) & 1;
    const uint64_t bit = is_set ? (threshold & 0xffffffff) * 64 + (x < last ? x : last) : 0;
    const uint64_t stays = ~(sets[bit >> 6] >> (bit & 63)) & 1;
    right = is_set ? stays : right;
  }
  return (uint32_t)(rest >> 32) + (uint32_t)right;
}

static inline __attribute__((always_inline)) void add(
    const gatehouse_forest *forest, const gatehouse_tree *tree, uint32_t number, double *sums) {
  double *sum = sums + tree->target;
  const size_t count = forest->leaf_outputs;
  const double *value = forest->values + (size_t)number * count;
  switch (forest->aggregate) {
    case GATEHOUSE_SUM_OF_SINGLES:
      for (size_t i = 0; i < count; i++) sum[i] = (float)(sum[i] + value[i]);
      break;
    case GATEHOUSE_MINIMUM:
      for (size_t i = 0; i < count; i++) sum[i] = value[i] < sum[i] ? value[i] : sum[i];
      break;
    case GATEHOUSE_MAXIMUM:
      for (size_t i = 0; i < count; i++) sum[i] = value[i] >= sum[i] ? value[i] : sum[i];
      break;
    default:
      for (size_t i = 0; i < count; i++) sum[i] += value[i];
  }
}

// A tree is read all over, so no processor foresees what it is to fetch from the far cache: while one tree is
// walked, the next is fetched slice by slice.

static inline const char *next_nodes(const gatehouse_forest *forest, size_t tree, size_t elements) {
  const size_t next = tree + 1 < forest->tree_count ? tree + 1 : tree;
  return (const char *)(forest->nodes + elements * forest->trees[next].root);
}

/// How many bytes to fetch for every `SIDE_BY_SIDE` rows; nothing for the last two trees.
static inline size_t next_slice(const gatehouse_forest *forest, size_t tree, size_t elements, size_t rows) {
  if (tree + 2 >= forest->tree_count) return 0;
  const size_t nodes = forest->trees[tree + 2].root - forest->trees[tree + 1].root;
  return (nodes * elements * 8 * SIDE_BY_SIDE + rows - 1) / rows;
}

static inline const char *fetch(const char *next, size_t bytes) {
  const char *end = next + bytes;
  for (; next < end; next += 64) __builtin_prefetch(next);
  return next;
}

void gatehouse_walk32(
    const gatehouse_forest *forest, const char *groups, size_t group_bytes, size_t row_count, double *sums) {
  for (size_t t = 0; t < forest->tree_count; t++) {
    const gatehouse_tree *tree = &forest->trees[t];
    const uint64_t *nodes = forest->nodes + tree->root;
    double *sum = sums;
    const char *next = next_nodes(forest, t, 1);
    const size_t slice = next_slice(forest, t, 1, row_count);
    for (size_t row = 0; row < row_count; row += SIDE_BY_SIDE) {
      next = fetch(next, slice);
      const char *group = groups + (row >> 4) * group_bytes + (row & 15) * 4;
      uint32_t p[SIDE_BY_SIDE] = {0};
      for (uint32_t d = 0; d < tree->depth; d++) {
#pragma clang loop unroll(full)
        for (int i = 0; i < SIDE_BY_SIDE; i++) p[i] = step32(nodes[p[i]], group + 4 * i);
      }
      const size_t count = row_count - row < SIDE_BY_SIDE ? row_count - row : SIDE_BY_SIDE;
      for (size_t i = 0; i < count; i++, sum += forest->outputs)
        add(forest, tree, (uint32_t)nodes[p[i]], sum);
    }
  }
}

/// One row, through eight trees at a time.
void gatehouse_walk32_row(const gatehouse_forest *forest, const char *group, double *sums) {
  for (size_t t = 0; t < forest->tree_count; t += SIDE_BY_SIDE) {
    const size_t left = forest->tree_count - t;
    const gatehouse_tree *trees = forest->trees + t;
    const uint64_t *nodes[SIDE_BY_SIDE];
    uint32_t p[SIDE_BY_SIDE] = {0};
    uint32_t depth = 0;
    for (size_t i = 0; i < SIDE_BY_SIDE; i++) {
      const gatehouse_tree *tree = trees + (i < left ? i : 0);
      nodes[i] = forest->nodes + tree->root;
      if (tree->depth > depth) depth = tree->depth;
    }
    for (uint32_t d = 0; d < depth; d++) {
#pragma clang loop unroll(full)
      for (int i = 0; i < SIDE_BY_SIDE; i++) p[i] = step32(nodes[i][p[i]], group);
    }
    for (size_t i = 0; i < SIDE_BY_SIDE && i < left; i++)
      add(forest, trees + i, (uint32_t)nodes[i][p[i]], sums);
  }
}

static inline __attribute__((always_inline)) void walk64(
    const gatehouse_forest *forest, const uint64_t *sets, const char *groups, size_t group_bytes,
    size_t row_count, double *sums) {
  for (size_t t = 0; t < forest->tree_count; t++) {
    const gatehouse_tree *tree = &forest->trees[t];
    const uint64_t *nodes = forest->nodes + 2 * (size_t)tree->root;
    double *sum = sums;
    const char *next = next_nodes(forest, t, 2);
    const size_t slice = next_slice(forest, t, 2, row_count);
    for (size_t row = 0; row < row_count; row += SIDE_BY_SIDE) {
      next = fetch(next, slice);
      const char *group = groups + (row >> 3) * group_bytes;
      uint64_t p[SIDE_BY_SIDE] = {0};
      for (uint32_t d = 0; d < tree->depth; d++) {
#pragma clang loop unroll(full)
        for (int i = 0; i < SIDE_BY_SIDE; i++)
          p[i] = step64(nodes[2 * p[i]], nodes[2 * p[i] + 1], group + 8 * i, sets);
      }
      const size_t count = row_count - row < SIDE_BY_SIDE ? row_count - row : SIDE_BY_SIDE;
      for (size_t i = 0; i < count; i++, sum += forest->outputs)
        add(forest, tree, (uint32_t)nodes[2 * p[i]], sum);
    }
  }
}

static inline __attribute__((always_inline)) void walk64_row(
    const gatehouse_forest *forest, const uint64_t *sets, const char *group, double *sums) {
  for (size_t t = 0; t < forest->tree_count; t += SIDE_BY_SIDE) {
    const size_t left = forest->tree_count - t;
    const gatehouse_tree *trees = forest->trees + t;
    const uint64_t *nodes[SIDE_BY_SIDE];
    uint64_t p[SIDE_BY_SIDE] = {0};
    uint32_t depth = 0;
    for (size_t i = 0; i < SIDE_BY_SIDE; i++) {
      const gatehouse_tree *tree = trees + (i < left ? i : 0);
      nodes[i] = forest->nodes + 2 * (size_t)tree->root;
      if (tree->depth > depth) depth = tree->depth;
    }
    for (uint32_t d = 0; d < depth; d++) {
#pragma clang loop unroll(full)
      for (int i = 0; i < SIDE_BY_SIDE; i++)
        p[i] = step64(nodes[i][2 * p[i]], nodes[i][2 * p[i] + 1], group, sets);
    }
    for (size_t i = 0; i < SIDE_BY_SIDE && i < left; i++)
      add(forest, trees + i, (uint32_t)nodes[i][2 * p[i]], sums);
  }
}

void gatehouse_walk64(
    const gatehouse_forest *forest, const char *groups, size_t group_bytes, size_t row_count, double *sums) {
  if (forest->has_sets)
    walk64(forest, forest->sets, groups, group_bytes, row_count, sums);
  else
    walk64(forest, 0, groups, group_bytes, row_count, sums);
}

void gatehouse_walk64_row(const gatehouse_forest *forest, const char *group, double *sums) {
  if (forest->has_sets)
    walk64_row(forest, forest->sets, group, sums);
  else
    walk64_row(forest, 0, group, sums);
}
