#ifndef GATEHOUSE_ONNX_SANDBOX_H
#define GATEHOUSE_ONNX_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

/// Gives up, before the library is loaded, what it is not to have either: the network, files that are written,
/// other programs and processes, privileges, images of its memory, memory beyond `memory` bytes, and more time of the
/// processor than a week of `threads`.
///
/// The library is whoever's it is, and some versions of it write down how they are used and send that home.
bool enter_outer_sandbox(uint64_t memory, int threads);

/// Gives up, before a byte of the model is read, every call of the kernel but those that computing needs: from
/// here on no file can be opened and no code added, by any thread that the library has started.
bool enter_inner_sandbox(bool may_start_threads);

#endif
