#ifndef GATEHOUSE_KERNELS_TREES_H
#define GATEHOUSE_KERNELS_TREES_H

#include "CKernels.h"

// The ways through an ensemble; see `gatehouse_forest`. Those of rows take any number of them, those of a row one.

void gatehouse_walk32(
    const gatehouse_forest *forest, const char *groups, size_t group_bytes, size_t row_count, double *sums);
void gatehouse_walk64(
    const gatehouse_forest *forest, const char *groups, size_t group_bytes, size_t row_count, double *sums);
void gatehouse_walk32_row(const gatehouse_forest *forest, const char *group, double *sums);
void gatehouse_walk64_row(const gatehouse_forest *forest, const char *group, double *sums);

#if defined(__x86_64__)
void gatehouse_test_rows32(
    const gatehouse_forest *forest, const char *groups, size_t group_bytes, size_t row_count, double *sums);
void gatehouse_test_rows64(
    const gatehouse_forest *forest, const char *groups, size_t group_bytes, size_t row_count, double *sums);
#endif

#endif
