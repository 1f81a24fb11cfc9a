#ifndef GATEHOUSE_KERNELS_H
#define GATEHOUSE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

// The inner loops of inference. C, because they choose their instructions by the processor that they find:
// each function has a portable form, and takes the level of the wider forms that it may use.
//
// Nothing here checks anything: callers have checked the graph and sized the buffers.

/// What vector instructions there are: the portable forms alone.
#define GATEHOUSE_PORTABLE 0
/// AVX2 and FMA.
#define GATEHOUSE_AVX2 1
/// AVX-512 F, BW, CD, DQ and VL.
#define GATEHOUSE_AVX512 2

/// The highest level that this processor and its operating system have.
int gatehouse_vector_level(void);

// MARK: - Trees

/// How many bytes one column takes of a group of rows: 16 rows in 4 bytes each, or 8 rows in 8.
#define GATEHOUSE_COLUMN_BYTES 64

/// How one column of a group of rows is made of a feature.
///
/// A number becomes an unsigned integer of the same order, so that every test is one comparison of integers:
/// x <= threshold goes left. -0 and +0 become one. NaN becomes the least or the greatest of the integers,
/// which no number becomes, and so goes left or right at every threshold.
enum {
  /// Zero, whatever the row holds; what leaves look at.
  GATEHOUSE_COLUMN_ZERO = 0,
  /// NaN goes right.
  GATEHOUSE_COLUMN_MISSING_RIGHT = 1,
  /// NaN goes left.
  GATEHOUSE_COLUMN_MISSING_LEFT = 2,
  /// NaN is zero.
  GATEHOUSE_COLUMN_MISSING_IS_ZERO = 3,
  /// Zero, as far as 1e-35 from it, and NaN go right.
  GATEHOUSE_COLUMN_ZERO_RIGHT = 4,
  /// Zero, as far as 1e-35 from it, and NaN go left.
  GATEHOUSE_COLUMN_ZERO_LEFT = 5,
  /// A category: the whole number toward zero, and 1; 0 is NaN, and the greatest integer what is no category.
  GATEHOUSE_COLUMN_CATEGORY = 6,
  /// As above, and what has a fraction is no category.
  GATEHOUSE_COLUMN_WHOLE_CATEGORY = 7,
};

/// One column of a group.
typedef struct {
  /// Which feature of the row.
  uint32_t feature;
  /// One of the kinds above.
  uint32_t kind;
} gatehouse_column;

/// How a tree's number changes the sum so far.
enum {
  GATEHOUSE_SUM = 0,
  /// The sum is rounded to single precision after each tree.
  GATEHOUSE_SUM_OF_SINGLES = 1,
  GATEHOUSE_MINIMUM = 2,
  GATEHOUSE_MAXIMUM = 3,
};

/// One tree of an ensemble.
typedef struct {
  /// Its root among the walked nodes.
  uint32_t root;
  /// How many steps lead to its deepest leaf.
  uint32_t depth;
  /// Which sum its values are added to, or the first of them.
  uint32_t target;
  /// Its first test among the tests.
  uint32_t first_test;
  /// How many tests it has: its inner nodes.
  uint32_t test_count;
  /// Its first leaf among the leaves in order, a multiple of 16.
  uint32_t first_leaf;
} gatehouse_tree;

/// One inner node of a tree of at most 64 leaves, numbered from the leftmost, that compares 4 bytes: where the
/// test fails, the leaves to the left of it can no longer be reached.
typedef struct {
  uint32_t threshold;
  /// The place of the column in a group, in bytes.
  uint32_t column;
  /// Leaves 0 to 31 and 32 to 63 that remain, leaf 0 (and 32) in the highest bit.
  uint32_t remaining[2];
} gatehouse_test32;

/// As `gatehouse_test32`, for 8 bytes.
typedef struct {
  uint64_t threshold;
  uint64_t remaining;
  uint64_t column;
} gatehouse_test64;

/// An ensemble of trees, laid out for one of two ways through it.
///
/// Walking: a node of 8 bytes is, from the lowest bit, the threshold (32), the column (16, in units of 8 bytes)
/// and the place of the left child from the root (16), whose sibling follows it. A node of 16 bytes has the
/// threshold in the first 8, the column (31, in units of 8 bytes), a mark of a set of categories (1) and the
/// left child's place from the root (32) in the others. A leaf looks at the column of zeros and leads to itself;
/// its threshold is the number of its values. The threshold of a set is its first word (low 32) and the
/// number of its bits (high 32): bit 0 is for missing, then the categories, the last bit for all others; a set bit
/// goes left.
///
/// Testing: all inner nodes of a tree are tested, for many rows at once, and the leaves that remain tell which
/// was reached. Faster than walking for small trees.
typedef struct {
  const gatehouse_tree *trees;
  size_t tree_count;
  /// Walked nodes, of 1 or 2 elements each.
  const uint64_t *nodes;
  /// The bits of all sets of categories.
  const uint64_t *sets;
  /// Values of the walked leaves, `[values, leaf_outputs]`.
  const double *values;
  /// Tests, of the type that `is_wide` tells.
  const void *tests;
  /// Values of the leaves in order, `[leaf_outputs, leaf_places]`.
  const double *leaves;
  size_t leaf_places;
  /// How many values a leaf has: 1, which is added to the tree's target, or as many as sums from there on.
  size_t leaf_outputs;
  /// How many sums a row has.
  size_t outputs;
  /// The most leaves of one tree: 16, 32 or 64, or 0 where there are no tests.
  uint32_t leaf_limit;
  /// Whether thresholds and columns are of 8 bytes.
  uint8_t is_wide;
  /// Whether sets of categories occur.
  uint8_t has_sets;
  /// One of the aggregates above.
  uint8_t aggregate;
} gatehouse_forest;

/// Makes the columns of one group: up to 16 rows, or 8 where `is_wide`; missing rows are left as they are.
///
/// `rows` are `stride` apart; `single` rounds features to single precision first. `group` has
/// `GATEHOUSE_COLUMN_BYTES` for each column and is aligned to 64 bytes.
void gatehouse_make_columns(
    int level, const double *rows, size_t stride, size_t row_count, const gatehouse_column *columns,
    size_t column_count, int is_wide, int single, void *group);

/// Adds the values of the leaves that the rows reach to `sums` (`[row_count, outputs]`), tree after tree.
///
/// `groups` are as many as the rows need, `group_bytes` apart.
void gatehouse_add_leaves(
    int level, const gatehouse_forest *forest, const void *groups, size_t group_bytes, size_t row_count,
    double *sums);

// MARK: - Matrix products

/// How many outputs stand side by side in packed weights.
#define GATEHOUSE_PANEL 16

/// Lays weights `[outputs, inputs]` out for `gatehouse_multiply`: panels of 16 outputs, in each input after
/// input; the outputs that are not there are zeros. `packed` has room for inputs x outputs rounded up to 16.
void gatehouse_pack_weights(const double *weights, size_t outputs, size_t inputs, double *packed);

/// y = x . weights^T + bias for `x` of `[rows, inputs]`, `y` of `[rows, outputs]`; where `is_rectified`, what is
/// below zero becomes zero.
///
/// Every output is one chain of fused multiply-adds over its inputs in order, the bias added last, at every level
/// and for every number of rows: the results are the same, bit for bit.
void gatehouse_multiply(
    int level, const double *x, size_t rows, size_t inputs, const double *packed, const double *bias,
    size_t outputs, int is_rectified, double *y);

/// As `gatehouse_multiply`, for few outputs, whose weights `[outputs, inputs]` are not worth packing.
void gatehouse_multiply_few(
    int level, const double *x, size_t rows, size_t inputs, const double *weights, const double *bias,
    size_t outputs, double *y);

/// As `gatehouse_multiply` with a bias for each output, for one row of which `count` inputs alone are not zero,
/// those in `columns`, ascending.
void gatehouse_multiply_sparse(
    int level, const double *x, const int32_t *columns, size_t count, size_t inputs, const double *packed,
    const double *bias, size_t outputs, double *y);

/// (x - offset) / divisor for each of `rows` rows, either left out where it is NULL: two roundings.
void gatehouse_scale(
    int level, double *x, size_t rows, size_t columns, const double *offset, const double *divisor);

// MARK: - Functions

/// Replaces each of the `count` elements by its exponential, to within 1 unit in the last place.
void gatehouse_exp(int level, double *x, size_t count);
/// Replaces each of the elements by its hyperbolic tangent, to within 3 units in the last place.
void gatehouse_tanh(int level, double *x, size_t count);
/// Replaces each of the elements by 1 / (1 + exp(-x)), to within 2 units in the last place.
void gatehouse_logistic(int level, double *x, size_t count);
/// Replaces what is below zero by zero, as NumPy's maximum(x, 0): NaN stays.
void gatehouse_relu(int level, double *x, size_t count);

/// The first of the elements that is not finite (or, where `allows_nan`, is an infinity); `count` if none is.
size_t gatehouse_first_not_finite(int level, const double *x, size_t count, int allows_nan);
/// As above, of the elements rounded to single precision.
size_t gatehouse_first_not_finite_single(int level, const double *x, size_t count, int allows_nan);
/// Rounds the elements to single precision.
void gatehouse_round_to_single(int level, const double *x, size_t count, double *y);

#endif
